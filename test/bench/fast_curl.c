/* ISC license. */

/* As curl --tcp-fastopen: its request is a GET, the echo of it the answer. */

#define _GNU_SOURCE

#include <curl/curl.h>

#include "peer.h"

static int made (void *fd, curl_socket_t s, curlsocktype purpose)
{
  (void)purpose ;
  *(curl_socket_t *)fd = s ;
  return CURL_SOCKOPT_OK ;
}

static size_t answered (char *s, size_t size, size_t n, void *fd)
{
  (void)s ;
  (void)size ;
  (void)n ;
  peer_report(*(curl_socket_t *)fd, 1) ;
  return 0 ;
}

int main (int argc, char **argv)
{
  char url[256] ;
  CURL *c = curl_easy_init() ;
  curl_socket_t fd = -1 ;
  peer_options(argc, argv, "") ;
  snprintf(url, sizeof url, "http://%s:%s/", argv[optind], argv[optind + 1]) ;
  curl_easy_setopt(c, CURLOPT_URL, url) ;
  curl_easy_setopt(c, CURLOPT_PROXY, "") ;
  curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 1L) ;
  curl_easy_setopt(c, CURLOPT_TCP_FASTOPEN, 1L) ;
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)peer_deadline()) ;
  curl_easy_setopt(c, CURLOPT_SOCKOPTDATA, &fd) ;
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, &made) ;
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &fd) ;
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &answered) ;
  peer_ready(argv[optind]) ;
  peer_lost(curl_easy_strerror(curl_easy_perform(c))) ;
}
