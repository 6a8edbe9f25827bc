# Words of the demo: its clock and its mails.
demo-clock-moved = The demo clock has moved; what fell due on the way was done in its order.
demo-clock-nothing-problem = The portal has no deadline ahead of it, so the demo clock stays.
demo-mail-title = Demo mail
demo-mail-lede = The demo sends nothing. Every mail that the portal would have sent is listed here, newest first.
demo-mail-mark = Demo
demo-mail-subject = Subject
demo-mail-to = To
demo-mail-date = Written (machine clock)
demo-mail-attachment = Attachment
demo-mail-empty = No mail yet. When you sign up or bid, the notices appear here.
