/* ISC license. */

/* A handle for each connection, as CURLOPT_CONNECT_ONLY wants it; the addresses by CURLOPT_RESOLVE. It does not accept. */

#include "op.h"

#include <curl/curl.h>

static void reach (unsigned int n, char const *resolve, char const *host)
{
  struct curl_slist *list = resolve ? curl_slist_append(0, resolve) : 0 ;
  char url[64] ;
  snprintf(url, sizeof url, "http://%s:%u/", host, op_port) ;
  while (n--)
  {
    CURL *c = curl_easy_init() ;
    curl_socket_t s ;
    if (!c) op_die("curl_easy_init") ;
    curl_easy_setopt(c, CURLOPT_URL, url) ;
    curl_easy_setopt(c, CURLOPT_PROXY, "") ;
    curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) ;
    curl_easy_setopt(c, CURLOPT_RESOLVE, list) ;
    if (curl_easy_perform(c) || curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &s) || s == CURL_SOCKET_BAD) op_die("curl_easy_perform") ;
    curl_easy_cleanup(c) ;
  }
  curl_slist_free_all(list) ;
}

static void connects (unsigned int n)
{
  reach(n, 0, "127.0.0.5") ;
}

static void race4 (unsigned int n)
{
  char s[128] ;
  snprintf(s, sizeof s, "host.test:%u:127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5", op_port) ;
  reach(n, s, "host.test") ;
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "race1", connects }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
