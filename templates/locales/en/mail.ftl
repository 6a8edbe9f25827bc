# The frame of every mail, and the mails of accounts and inbox.
mail-demo-mark = [Demo]
mail-open = Open
mail-footer = Sanshe sent this mail by itself, as a reminder only; please do not reply. A notice counts as received when it lies in your inbox on the portal.
mail-footer-demo = A demonstration site of Sanshe made this mail: everything in it is invented and has no legal effect. A notice counts as received when it lies in your inbox on the portal.
mail-inbox-subject = You have a new notice
mail-inbox-body = Dear { $name },

    A new notice lies in your inbox on Sanshe. It counts as received at the time that the inbox shows. Please sign in to read it.
mail-confirm-subject = Please confirm your e-mail address
mail-confirm-body = Good day,

    somebody signed up on Sanshe with this address. If it was you, open the link below and press “Confirm”. The link works once, within 24 hours.

    If it was not you, ignore this mail: without confirmation the account is never opened.
mail-account-exists-subject = There is an account with this address
mail-account-exists-body = Dear { $name },

    somebody signed up again on Sanshe with this address. There is an account already, so please sign in; if you forgot your password, set a new one from the sign-in page.

    If it was not you, ignore this mail: nothing about your account has changed.
mail-reset-subject = Set a new password
mail-reset-body = Dear { $name },

    somebody asked for a new password for your account on Sanshe. If it was you, open the link below and set it. The link works once, within 1 hour; afterwards every other device is signed out.

    If it was not you, ignore this mail: your password has not changed.
mail-password-changed-subject = Your password was changed
mail-password-changed-body = Dear { $name },

    the password of your account on Sanshe has just been changed, and every other device was signed out. If it was not you, set a new one at once through “Forgotten password” on the sign-in page, and tell your body's administrator.
mail-role-granted-subject = You have a new role
mail-role-granted-body = Dear { $name },

    you now act for “{ $body }” as: { $role }. Sign in to see it under “My account”, and to switch between your bodies.
mail-role-ended-subject = One of your roles has ended
mail-role-ended-body = Dear { $name },

    this role of yours in “{ $body }” has ended: { $role }. If you have questions, please ask that body.
mail-invited-subject = “{ $body }” invites you
mail-invited-body = Good day,

    “{ $body }” invites you to act for it on Sanshe as: { $role }. Sign up with this address; the role begins when the address is confirmed. The invitation is good for 7 days.
mail-invited-unnamed-subject = An organization invites you to Sanshe
mail-invited-unnamed-body = Good day,

    an organization invites you to act for it on Sanshe as: { $role }. Sign up with this address; which organization it is, your account shows once the address is confirmed. The invitation is good for 7 days. If you expect none, ignore this mail.
mail-first-administrator-subject = Set up the administrator's account
mail-first-administrator-body = Good day,

    Sanshe is ready. Open the link below and set the administrator's name and password. The link works once, within 24 hours.
mail-two-factors-enabled-subject = Two-factor sign-in is on
mail-two-factors-enabled-body = Dear { $name },

    two-factor sign-in was switched on for your account on Sanshe, or moved to another phone, and every other device was signed out. If it was not you, change your password at once and tell the operator of the portal.
mail-two-factors-ended-subject = Two-factor sign-in is off
mail-two-factors-ended-body = Dear { $name },

    two-factor sign-in was switched off for your account on Sanshe: the password alone signs in. If it was not you, change your password at once and switch it on again.
mail-recovery-codes-renewed-subject = You have new recovery codes
mail-recovery-codes-renewed-body = Dear { $name },

    new recovery codes were made for your account on Sanshe, and those of before are void. If it was not you, change your password at once and tell the operator of the portal.
mail-recovery-code-used-subject = A recovery code was used
mail-recovery-code-used-body = Dear { $name },

    somebody has just passed the two-factor sign-in of your account with a recovery code; { $left } are left. If it was not you, change your password at once and set up two-factor sign-in anew.
mail-recovery-proposed-subject = An administrator proposes to reset your two-factor sign-in
mail-recovery-proposed-body = Dear { $name },

    an administrator of the portal proposes to switch the second factor of your account off; it happens when another one confirms. If you did not ask for it, tell the operator of the portal at once.
mail-email-changing-subject = Your account is about to change its e-mail address
mail-email-changing-body = Dear { $name },

    your account on Sanshe asked to change its address to { $email }, which counts once it is confirmed there. If it was not you, change your password at once.
mail-email-change-subject = Please confirm your new e-mail address
mail-email-change-body = Good day,

    somebody asked to use this address for their account on Sanshe. If it was you, sign in to that account, open the link below and confirm. The link works once, within 24 hours.

    If it was not you, ignore this mail.
mail-email-changed-subject = The e-mail address of your account was changed
mail-email-changed-body = Dear { $name },

    the address of your account on Sanshe is now { $email }: sign in with it from now on; reminders go there too. If it was not you, tell the operator of the portal at once.
mail-digest-subject = Your notices of the day
mail-digest-body = Dear { $name },

    { $count } new notices lie in your inbox on Sanshe. Each counts as received at the time that the inbox shows. Please sign in to read them.
mail-account-closed-subject = Your account is closed
mail-account-closed-body = Dear { $name },

    your account on Sanshe has just been closed; name, address, mobile number and password are erased. Records of procurements that the law wants kept stay for their time. If it was not you, tell the portal's administrators at once.
