# Words of lists as files.
export-label = Export:
export-atom = Subscribe (Atom)
export-pair = { $head }: { $text }
export-too-many = More than { $max } rows match; that is too many for one file. Narrow the filters first.
export-feed-demo = { $title } (demo data)
export-yes = yes
export-no = no
sheet-old-or-locked = The file is in the old Excel format (xls) or has a password. Remove the password and save it as xlsx
sheet-too-large = The sheet is too large: at most 5 MB, 6,000 rows and 60 columns. Delete rows, columns and sheets that are not needed
sheet-broken = The file is damaged, or is no Excel workbook (xlsx)
sheet-digits-lost = The code was kept as a number and has lost its last digits. Format the column as text and type the 18 characters again
