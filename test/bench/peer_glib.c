/* ISC license. */

#define _GNU_SOURCE

#include <gio/gio.h>

#include "peer.h"

static void ended (GObject *client, GAsyncResult *r, gpointer data)
{
  GError *e = 0 ;
  GSocketConnection *c = g_socket_client_connect_to_host_finish((GSocketClient *)client, r, &e) ;
  (void)data ;
  if (!c) peer_lost(e->message) ;
  peer_won(g_socket_get_fd(g_socket_connection_get_socket(c))) ;
}

int main (int argc, char **argv)
{
  GMainLoop *loop = g_main_loop_new(0, FALSE) ;
  GSocketClient *client = g_socket_client_new() ;
  if (argc != 3) return 100 ;
  g_socket_client_set_timeout(client, peer_deadline() / 1000) ;
  g_socket_client_set_enable_proxy(client, FALSE) ;
  peer_ready(argv[1]) ;
  g_socket_client_connect_to_host_async(client, argv[1], (guint16)atoi(argv[2]), 0, &ended, 0) ;
  g_main_loop_run(loop) ;
}
