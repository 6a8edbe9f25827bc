# Words of lists as files.
export-label = 导出：
export-atom = 订阅（Atom）
export-pair = { $head }：{ $text }
export-too-many = 符合条件的超过 { $max } 行，一个文件放不下。请先缩小筛选范围再导出。
export-feed-demo = { $title }（演示数据）
export-yes = 是
export-no = 否
sheet-old-or-locked = 文件是旧版 Excel 格式（xls），或者设有密码。请去掉密码，另存为 xlsx 后再上传
sheet-too-large = 表格太大：文件不超过 5 MB，不超过 6000 行、60 列。请删去多余的行、列和工作表
sheet-broken = 文件已损坏，或者不是 Excel 表格（xlsx）
sheet-digits-lost = 代码被当作数字保存，后几位已经丢失。请把这一列设为“文本”格式，重新填写 18 位代码
