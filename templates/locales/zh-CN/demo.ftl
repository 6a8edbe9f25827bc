# Words of the demo: its clock and its mails.
demo-clock-moved = 演示时间已快进，期间到期的事项已按先后办理。
demo-clock-nothing-problem = 目前没有平台将自动办理的期限，演示时间未变。
demo-mail-title = 演示邮件
demo-mail-lede = 演示站点不对外发送邮件。平台本应发出的邮件都列在这里，最新的在前。
demo-mail-mark = 演示
demo-mail-subject = 主题
demo-mail-to = 收件人
demo-mail-date = 写信时间（本机时钟）
demo-mail-attachment = 附件
demo-mail-empty = 还没有邮件。办理注册、投标等事项后，通知邮件会出现在这里。
