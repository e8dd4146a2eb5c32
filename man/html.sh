#!/bin/sh
# ISC license.
# html.sh DIRECTORY VERSION: puts each page there as NAME.SECTION.html, with links to the others, and an index by the groups of socket.3.

here=$(dirname "$0")
mkdir -p "$1" && cp "$here/style.css" "$1" && to=$(cd "$1" && pwd) || exit 1
version=$2

# a page that is a file here is a link to ours
cd "$here" || exit 1

# render PAGE NAME
render ()
{
  mandoc -I os="libsocket $version" -T html \
    -O 'style=style.css,man=%N.%S.html;https://man7.org/linux/man-pages/man%S/%N.%S.html' "$1" > "$to/page" &&
  sed 's|^<body>$|<body><nav><a href="index.html">libsocket</a></nav>|' "$to/page" > "$to/$2.html" && rm "$to/page"
}

# entry NAME SECTION: of a list, with the page's own description
entry ()
{
  echo ".It Xr $1 $2"
  sed -n 's/^\.Nd //p' "$1.$2"
}

index ()
{
  sed -n 's/^\.Dd/&/p' socket.3
  printf '%s\n' '.Dt LIBSOCKET 3' .Os '.Sh Overview' '.Bl -tag -width Ds -compact'
  entry socket 3
  echo .El
  sed -n '/^\.Ss Functions/,/^\.Ss Headers/{
    s/^\([A-Z].*\):$/.Sh \1/p
    /^\.Bl/,/^\.El/p
  }' socket.3
  printf '%s\n' '.Sh Programs' '.Bl -tag -width Ds -compact'
  for page in *.1 ; do entry "${page%.1}" 1 ; done
  echo .El
}

for page in *.[13]
do
  alias=$(sed -n 's|^\.so man[0-9]/||p' "$page")
  render "${alias:-$page}" "$page" || exit 1
done
index > "$to/index.mdoc" && render "$to/index.mdoc" index && rm "$to/index.mdoc"
