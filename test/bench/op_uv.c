/* ISC license. */

/* Its user goes from one address to the next. */

#include "op.h"

#include <uv.h>

static unsigned int left, from, place ;

static void next (uv_handle_t *) ;

static void connected (uv_connect_t *request, int status)
{
  if (status && ++place == 4) op_die("connect") ;
  if (!status)
  {
    left-- ;
    place = from ;
  }
  uv_close((uv_handle_t *)request->handle, next) ;
}

static void next (uv_handle_t *handle)
{
  static uv_connect_t request ;
  uv_tcp_t *tcp = (uv_tcp_t *)handle ;
  struct sockaddr_in sa = op_sockaddr(op_ip[place]) ;
  if (!left) return ;
  if (uv_tcp_init(uv_default_loop(), tcp) || uv_tcp_connect(&request, tcp, (struct sockaddr *)&sa, connected)) op_die("uv_tcp_connect") ;
}

static void race (unsigned int n, unsigned int first)
{
  static uv_tcp_t tcp ;
  left = n ;
  from = place = first ;
  next((uv_handle_t *)&tcp) ;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT) ;
  if (left) op_die("uv_run") ;
}

static void connects (unsigned int n)
{
  race(n, 3) ;
}

static void race4 (unsigned int n)
{
  race(n, 0) ;
}

static void gone (uv_handle_t *handle)
{
  free(handle) ;
}

static void arrived (uv_stream_t *listener, int status)
{
  struct sockaddr_in sa ;
  int len = sizeof sa ;
  uv_tcp_t *tcp = malloc(sizeof *tcp) ;
  if (status || !tcp || uv_tcp_init(uv_default_loop(), tcp) || uv_accept(listener, (uv_stream_t *)tcp)
   || uv_tcp_getpeername(tcp, (struct sockaddr *)&sa, &len)) op_die("uv_accept") ;
  uv_close((uv_handle_t *)tcp, gone) ;
  if (!--left) uv_close((uv_handle_t *)listener, 0) ;
}

static void accepts (unsigned int n)
{
  static uv_tcp_t listener ;
  left = n ;
  if (uv_tcp_init(uv_default_loop(), &listener) || uv_tcp_open(&listener, LISTENER) || uv_listen((uv_stream_t *)&listener, 4096, arrived)) op_die("uv_listen") ;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT) ;
  if (left) op_die("uv_run") ;
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "accept", accepts }, { "race1", connects }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
