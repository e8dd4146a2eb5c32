/* ISC license. */

/*
   json: reads one JSON text (RFC 8259, and strictly so) from standard input. Writes a line for each value that
   is not an array or an object: its path and the value, attempts.0.error "ECONNREFUSED"; strings in quotes, \u00XX
   decoded. Exit 1, and where on standard error, if it is not JSON.
*/

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[65536], path[1024] ;
static char const *p = text ;

static void no (void)
{
  fprintf(stderr, "not JSON from here: %s\n", p) ;
  exit(1) ;
}

static void space (void)
{
  p += strspn(p, " \t\r\n") ;
}

static int next (char c)
{
  space() ;
  if (*p != c) return 0 ;
  p++ ;
  space() ;
  return 1 ;
}

static void need (char c)
{
  if (!next(c)) no() ;
}

static void digits (void)
{
  size_t n = strspn(p, "0123456789") ;
  if (!n) no() ;
  p += n ;
}

static void number (void)
{
  char const *start = p ;
  if (*p == '-') p++ ;
  if (*p == '0') p++ ; else digits() ;
  if (*p == '.') { p++ ; digits() ; }
  if (*p == 'e' || *p == 'E')
  {
    p++ ;
    if (*p == '+' || *p == '-') p++ ;
    digits() ;
  }
  printf("%s %.*s\n", path, (int)(p - start), start) ;
}

static void string (char *s, size_t max)
{
  size_t m = 0 ;
  if (*p++ != '"') no() ;
  while (*p != '"')
  {
    char c = *p ;
    if ((unsigned char)c < 32 || m + 1 == max) no() ;
    p++ ;
    if (c == '\\')
    {
      static char const from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t" ;
      char const *e = *p ? strchr(from, *p) : 0 ;
      if (e) c = to[e - from] ;
      else
      {
        char hex[5] = "" ;
        if (*p != 'u' || strspn(p + 1, "0123456789abcdefABCDEF") < 4) no() ;
        memcpy(hex, p + 1, 4) ;
        c = (char)strtoul(hex, 0, 16) ;
        p += 4 ;
      }
      p++ ;
    }
    s[m++] = c ;
  }
  p++ ;
  s[m] = 0 ;
}

static void word (char const *w)
{
  if (strncmp(p, w, strlen(w))) no() ;
  p += strlen(w) ;
  printf("%s %s\n", path, w) ;
}

static void value (void) ;

static void member (char const *name)
{
  size_t len = strlen(path) ;
  if (snprintf(path + len, sizeof path - len, "%s%s", len ? "." : "", name) >= (int)(sizeof path - len)) no() ;
  value() ;
  path[len] = 0 ;
}

static void value (void)
{
  char s[1024] ;
  if (next('{'))
  {
    if (next('}')) return ;
    do
    {
      string(s, sizeof s) ;
      need(':') ;
      member(s) ;
    }
    while (next(',')) ;
    need('}') ;
  }
  else if (next('['))
  {
    int i = 0 ;
    if (next(']')) return ;
    do
    {
      snprintf(s, sizeof s, "%d", i++) ;
      member(s) ;
    }
    while (next(',')) ;
    need(']') ;
  }
  else if (*p == '"')
  {
    string(s, sizeof s) ;
    printf("%s \"%s\"\n", path, s) ;
  }
  else if (*p == 't') word("true") ;
  else if (*p == 'f') word("false") ;
  else if (*p == 'n') word("null") ;
  else number() ;
}

int main (void)
{
  size_t n = fread(text, 1, sizeof text - 1, stdin) ;
  if (n != strlen(text)) no() ;
  space() ;
  value() ;
  space() ;
  if (*p) no() ;
  return 0 ;
}
