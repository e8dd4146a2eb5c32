/* ISC license. */

#include "internal.h"

/* RFC 6874's bytes, and those beyond ASCII. Linux allows all but white space, slash and colon,
   but brackets, commas and ports often follow an address. */

size_t libsocket_zonelen (char const *s)
{
  size_t n = 0 ;
  for (unsigned char c ; (c = (unsigned char)s[n]) ; n++)
  {
    int letter = (c | 32) >= 'a' && (c | 32) <= 'z' ;
    int digit = c >= '0' && c <= '9' ;
    if (!letter && !digit && c < 128 && c != '-' && c != '.' && c != '_' && c != '~') break ;
  }
  return n ;
}
