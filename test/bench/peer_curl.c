/* ISC license. */

#define _GNU_SOURCE

#include <curl/curl.h>

#include "peer.h"

int main (int argc, char **argv)
{
  char url[256], told[256] ;
  CURL *c = curl_easy_init() ;
  curl_socket_t s ;
  CURLcode r ;
  long error = 0 ;
  if (argc != 3 || !c) return 100 ;
  snprintf(url, sizeof url, "http://%s:%s/", argv[1], argv[2]) ;
  curl_easy_setopt(c, CURLOPT_URL, url) ;
  curl_easy_setopt(c, CURLOPT_PROXY, "") ;
  curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) ;
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)peer_deadline()) ;
  peer_ready(argv[1]) ;
  r = curl_easy_perform(c) ;
  if (!r && !curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &s)) peer_won(s) ;
  curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &error) ;
  snprintf(told, sizeof told, "%s, %s", curl_easy_strerror(r), error ? strerrorname_np((int)error) : "no errno") ;
  peer_lost(told) ;
}
