# The guides.
help-title = Guides
help-lede = Choose the guide for what you do: what to prepare, each step, the deadlines, common mistakes and whom to call.
help-others = Other guides
help-for-resident = Guide for residents
help-for-provider = Guide for providers
help-for-officer = Guide for purchasers
help-for-expert = Guide for experts
help-for-supervisor = Guide for supervisors and reviewers
help-for-administrator = Guide for administrators
help-about-resident = Find the services in your community, who provides them and what they cost.
help-about-provider = Register, qualify, bid and sign.
help-about-officer = Start a project, publish, evaluate, award and sign.
help-about-expert = Accept, declare interests, and score.
help-about-supervisor = Daily checks, the record, and reviews of providers.
help-about-administrator = Bodies and people, daily operation, backup and restore.
