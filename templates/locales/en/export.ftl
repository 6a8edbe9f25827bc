# Words of lists as files.
export-label = Export:
export-atom = Subscribe (Atom)
export-pair = { $head }: { $text }
export-too-many = More than { $max } rows match; that is too many for one file. Narrow the filters first.
export-feed-demo = { $title } (demo data)
export-yes = yes
export-no = no
