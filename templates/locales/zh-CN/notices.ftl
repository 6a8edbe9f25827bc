# Words of the list of notices.
notices-title = 公告
notices-lede = 采购、开标、结果、合同和目录公告，按发布时间排列。公告一经发布不再改动，更正另发公告；依法遮盖误公开的内容时，原处注明依据和日期。
notices-filters = 筛选
notices-filter-button = 筛选
notices-filter-clear = 清除筛选
notices-any = 全部
notices-kind = 类别
notices-name = 公告标题
notices-published = 发布时间
notices-revision = 版次
notices-link = 网址
notices-hash = 校验值（SHA-256）
notices-count = 本页 { $count } 条
notices-none = 还没有这一类公告。
