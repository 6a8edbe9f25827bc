# The frame of every mail, and the mails of accounts and inbox.
mail-demo-mark = 【演示】
mail-open = 打开
mail-footer = 本邮件由三社平台自动发送，仅作提醒，请勿回复。各类通知以平台收件箱中的送达时间为准。
mail-footer-demo = 本邮件由三社演示站点生成，内容均为虚构，不具法律效力。各类通知以平台收件箱中的送达时间为准。
mail-inbox-subject = 您有一条新通知
mail-inbox-body = { $name }，您好：

    您在三社平台的收件箱中收到一条新通知。通知以平台收件箱中显示的时间为送达时间，请登录查看。
mail-confirm-subject = 请确认您的电子邮箱
mail-confirm-body = 您好：

    有人使用此邮箱在三社平台注册了账号。如是您本人操作，请打开下面的链接，并在页面上按“确认”。链接 24 小时内有效，只能使用一次。

    如非您本人操作，请忽略本邮件；未经确认，账号不会启用。
mail-account-exists-subject = 此邮箱已有账号
mail-account-exists-body = { $name }，您好：

    有人使用此邮箱在三社平台再次注册。此邮箱已有账号，无需重复注册，请直接登录；忘记密码时，可在登录页重设。

    如非您本人操作，请忽略本邮件，您的账号没有任何变化。
mail-reset-subject = 重设密码
mail-reset-body = { $name }，您好：

    有人申请重设您在三社平台的密码。如是您本人操作，请打开下面的链接设置新密码。链接 1 小时内有效，只能使用一次；设置后，其他设备上的登录将全部退出。

    如非您本人操作，请忽略本邮件，您的密码没有任何变化。
mail-password-changed-subject = 您的密码已修改
mail-password-changed-body = { $name }，您好：

    您在三社平台的密码刚刚修改，其他设备上的登录已全部退出。如非您本人操作，请立即通过登录页的“忘记密码”重设，并告知本单位管理人员。
mail-role-granted-subject = 您有了新的任职
mail-role-granted-body = { $name }，您好：

    您已被授权在“{ $body }”担任：{ $role }。登录后可在“我的账号”中查看，并切换所代表的单位。
mail-role-ended-subject = 您的任职已变更
mail-role-ended-body = { $name }，您好：

    您在“{ $body }”的下列角色已经终止：{ $role }。如有疑问，请联系该单位。
mail-invited-subject = 邀请您加入“{ $body }”
mail-invited-body = 您好：

    “{ $body }”邀请您在三社平台担任：{ $role }。请用此邮箱注册账号；邮箱确认后，该角色自动生效。邀请 7 天内有效。
mail-invited-unnamed-subject = 有单位邀请您加入三社平台
mail-invited-unnamed-body = 您好：

    有单位邀请您在三社平台担任：{ $role }。请用此邮箱注册账号；邮箱确认后，可在账号页查看邀请单位并决定是否接受。邀请 7 天内有效；如与您无关，请忽略本邮件。
mail-first-administrator-subject = 设置平台管理员账号
mail-first-administrator-body = 您好：

    三社平台已完成初始化。请打开下面的链接，设置管理员的姓名和密码。链接 24 小时内有效，只能使用一次。
mail-two-factors-enabled-subject = 双重验证已启用
mail-two-factors-enabled-body = { $name }，您好：

    您在三社平台的账号已启用双重验证（或更换了验证手机），其他设备上的登录已全部退出。如果不是您本人操作，请立即修改密码，并联系平台运营单位。
mail-two-factors-ended-subject = 双重验证已停用
mail-two-factors-ended-body = { $name }，您好：

    您在三社平台的账号已停用双重验证，登录只需密码。如果不是您本人操作，请立即修改密码并重新启用。
mail-recovery-codes-renewed-subject = 恢复码已重新生成
mail-recovery-codes-renewed-body = { $name }，您好：

    您在三社平台的恢复码已重新生成，以前的恢复码全部作废。如果不是您本人操作，请立即修改密码，并联系平台运营单位。
mail-recovery-code-used-subject = 一个恢复码已使用
mail-recovery-code-used-body = { $name }，您好：

    刚刚有人用恢复码通过了您账号的双重验证，剩余可用恢复码 { $left } 个。如果不是您本人操作，请立即修改密码，并重新设置双重验证。
mail-recovery-proposed-subject = 有管理员提出重置您的双重验证
mail-recovery-proposed-body = { $name }，您好：

    一名平台管理员提出停用您账号的双重验证，待另一名管理员确认后生效。如果不是您本人请求的，请立即联系平台运营单位。
mail-email-changing-subject = 您的账号正在更换邮箱
mail-email-changing-body = { $name }，您好：

    您在三社平台的账号申请将邮箱更换为 { $email }，经新邮箱确认后生效。如果不是您本人操作，请立即修改密码。
mail-email-change-subject = 请确认新的电子邮箱
mail-email-change-body = 您好：

    有人申请将其在三社平台的账号邮箱更换为此邮箱。如果是您本人，请登录原账号后打开下面的链接并确认。链接 24 小时内有效，只能使用一次。

    如果不是您本人操作，请忽略本邮件。
mail-email-changed-subject = 您的账号邮箱已更换
mail-email-changed-body = { $name }，您好：

    您在三社平台的账号邮箱已更换为 { $email }，今后请用新邮箱登录，提醒也发往新邮箱。如果不是您本人操作，请立即联系平台运营单位。
mail-digest-subject = 今日通知汇总
mail-digest-body = { $name }，您好：

    您的三社平台收件箱有 { $count } 条新通知，送达时间以收件箱显示为准。请登录查看。
mail-account-closed-subject = 您的账号已注销
mail-account-closed-body = { $name }，您好：

    您在三社平台的账号刚刚注销，姓名、邮箱、手机号码和密码已经删除；依法必须保存的采购记录按期限保存。如果不是您本人操作，请立即联系平台管理员。
