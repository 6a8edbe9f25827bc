# Words of the frame around every page: bars, menu, footer, and the shared parts.
layout-brand = Sanshe
layout-tagline-one = Government purchase
layout-tagline-two = of social services
layout-skip = Skip to main content
layout-languages = Language and display
layout-elder-on = Large type
layout-elder-off = Standard type
layout-read-aloud = Read aloud
layout-read-stop = Stop reading
layout-nav = Main menu
layout-nav-work = My work
layout-nav-communities = Communities
layout-nav-catalogue = Catalogue
layout-nav-projects = Projects
layout-nav-organizations = Organizations
layout-nav-contracts = Contracts

layout-sign-in = Sign in
layout-sign-out = Sign out
layout-switch = Switch
layout-inbox = Inbox
layout-unread = unread

layout-demo-place = Demo site: all names and figures are invented
layout-demo-clock = Demo time
layout-demo-next = Next:
layout-demo-hour = +1 hour
layout-demo-day = +1 day
layout-demo-to-next = To next deadline
layout-demo-mail = Demo mail

layout-flash-done = Done.
layout-flash-problem = That did not work.

layout-foot-nav = Footer
layout-foot-about = About this portal
layout-foot-privacy = Privacy
layout-foot-sitemap = Site map
layout-foot-verify = Verify a public record
layout-foot-feed = Feed of projects
layout-host = Run by:{" "}
layout-phone = Telephone:{" "}
layout-site-code = Website code:{" "}
layout-icp = ICP filing:{" "}
layout-police = Public security filing:{" "}
layout-unset = not set
layout-print = Print this page
layout-printed-from = Printed from Sanshe ({ $host }): { $path }
layout-print-mark = Demonstration: no legal effect

layout-error-number = If you ask for help, quote this number:{" "}
layout-error-help = It only helps us find the cause and says nothing about you.

layout-optional = (optional)
layout-error-prefix = Error:
layout-errors-title = Please correct the following
layout-pager = Pages
layout-pager-prev = Previous page
layout-pager-next = Next page
layout-crumbs = You are here
layout-clock-done = Done
layout-clock-now = Now
layout-clock-late = Overdue
layout-history-when = When
layout-history-who = Who
layout-history-what = What
layout-history-none = Nothing to show yet.
layout-history-reason = Reason:{" "}

# For the countdown: one word, or “one|many”.
layout-count-days = day|days
layout-count-hours = hour|hours
layout-count-minutes = minute|minutes
layout-count-under = less than 1 minute
layout-count-over = Closed
layout-waited = days waited: { $days }
