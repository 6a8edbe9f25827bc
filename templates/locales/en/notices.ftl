# Words of the list of notices.
notices-title = Notices
notices-lede = Notices of procurement, openings, results, contracts and catalogues in the order of their publication. A published notice is never changed; a correction is a notice of its own. Where the law has something redacted, a stub says so, with article and date.
notices-filters = Filter
notices-filter-button = Filter
notices-filter-clear = Clear the filter
notices-any = All
notices-kind = Kind
notices-name = Notice
notices-published = Published
notices-revision = Revision
notices-link = Address
notices-hash = Checksum (SHA-256)
notices-count = { $count } on this page
notices-none = There is no notice of this kind yet.
