# Words of the frame around every page: bars, menu, footer, and the shared parts.
layout-brand = 三社
layout-tagline-one = 社会组织培育与
layout-tagline-two = 政府购买服务平台
layout-skip = 跳到正文
layout-languages = 语言与显示方式
layout-elder-on = 长者模式
layout-elder-off = 标准模式
layout-read-aloud = 朗读
layout-read-stop = 停止朗读
layout-nav = 主导航
layout-nav-work = 工作台
layout-nav-communities = 我的社区
layout-nav-catalogue = 购买目录
layout-nav-projects = 采购项目
layout-nav-organizations = 社会组织
layout-nav-contracts = 合同公开

layout-sign-in = 登录
layout-sign-out = 退出
layout-switch = 切换
layout-inbox = 收件箱
layout-unread = 条未读

layout-demo-place = 演示站点 · 名称与数据均为虚构
layout-demo-clock = 演示时间
layout-demo-next = 接下来
layout-demo-hour = 快进 1 小时
layout-demo-day = 快进 1 天
layout-demo-to-next = 到下一个期限
layout-demo-mail = 演示邮件

layout-flash-done = 已完成
layout-flash-problem = 没有办成

layout-foot-nav = 页脚导航
layout-foot-about = 关于本平台
layout-foot-privacy = 个人信息保护
layout-foot-sitemap = 网站地图
layout-foot-verify = 验证公开记录
layout-foot-feed = 订阅采购公告
layout-host = 主办单位：
layout-phone = 联系电话：
layout-site-code = 网站标识码：
layout-icp = ICP 备案号：
layout-police = 公安备案号：
layout-unset = 待配置
layout-print = 打印本页
layout-printed-from = 打印自三社（{ $host }）：{ $path }
layout-print-mark = 演示 · 不具法律效力

layout-error-number = 如需帮助，请告知本次编号：
layout-error-help = 编号只用于查找原因，不含您的个人信息。

layout-optional = （选填）
layout-error-prefix = 错误：
layout-errors-title = 请改正以下内容
layout-pager = 翻页
layout-pager-prev = 上一页
layout-pager-next = 下一页
layout-crumbs = 当前位置
layout-clock-done = 已完成
layout-clock-now = 进行中
layout-clock-late = 已逾期
layout-history-when = 时间
layout-history-who = 经办
layout-history-what = 事项
layout-history-none = 还没有可供查看的记录。
layout-history-reason = 理由：

# For the countdown: one word, or “one|many”.
layout-count-days = 天
layout-count-hours = 小时
layout-count-minutes = 分钟
layout-count-under = 不到 1 分钟
layout-count-over = 已截止
layout-waited = 已等待 { $days } 天
