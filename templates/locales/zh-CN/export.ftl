# Words of lists as files.
export-label = 导出：
export-atom = 订阅（Atom）
export-pair = { $head }：{ $text }
export-too-many = 符合条件的超过 { $max } 行，一个文件放不下。请先缩小筛选范围再导出。
export-feed-demo = { $title }（演示数据）
export-yes = 是
export-no = 否
