/* ISC license. */

/* connect and accept by GSocket; the race by GSocketClient, asynchronously: only so does it race. The addresses come from a list, not from a resolver. */

#include "op.h"

#include <gio/gio.h>

static GSocketAddress *address (char const *ip)
{
  struct sockaddr_in sa = op_sockaddr(ip) ;
  return g_socket_address_new_from_native(&sa, sizeof sa) ;
}

static void connects (unsigned int n)
{
  GSocketAddress *to = address(OP_IP) ;
  while (n--)
  {
    GError *e = 0 ;
    GSocket *s = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, 0) ;
    if (!s) op_die("g_socket_new") ;
    g_socket_set_blocking(s, FALSE) ;
    if (!g_socket_connect(s, to, 0, &e))
    {
      if (!g_error_matches(e, G_IO_ERROR, G_IO_ERROR_PENDING)) op_die("g_socket_connect") ;
      g_clear_error(&e) ;
      if (!g_socket_condition_wait(s, G_IO_OUT, 0, 0) || !g_socket_check_connect_result(s, 0)) op_die("g_socket_check_connect_result") ;
    }
    g_object_unref(s) ;
  }
}

static void accepts (unsigned int n)
{
  GSocket *l = g_socket_new_from_fd(LISTENER, 0) ;
  while (n--)
  {
    GSocket *s = g_socket_accept(l, 0, 0) ;
    GSocketAddress *from = s ? g_socket_get_remote_address(s, 0) : 0 ;
    if (!s) op_die("g_socket_accept") ;
    if (from) g_object_unref(from) ;
    g_object_unref(s) ;
  }
}

/* A list of addresses: something to connect to, and its enumerator. */

static unsigned int from, place ;
typedef struct { GSocketAddressEnumerator parent ; } List ;
typedef struct { GSocketAddressEnumeratorClass parent ; } ListClass ;
typedef struct { GObject parent ; } Host ;
typedef struct { GObjectClass parent ; } HostClass ;
static void host_interface (GSocketConnectableIface *) ;
G_DEFINE_TYPE(List, list, G_TYPE_SOCKET_ADDRESS_ENUMERATOR)
G_DEFINE_TYPE_WITH_CODE(Host, host, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE(G_TYPE_SOCKET_CONNECTABLE, host_interface))

static GSocketAddress *list_next (GSocketAddressEnumerator *l, GCancellable *c, GError **e)
{
  (void)l ;
  (void)c ;
  (void)e ;
  return place < 4 ? address(op_ip[place++]) : 0 ;
}

static void list_class_init (ListClass *c)
{
  c->parent.next = list_next ;
}

static void list_init (List *l)
{
  (void)l ;
  place = from ;
}

static void host_class_init (HostClass *c)
{
  (void)c ;
}

static void host_init (Host *h)
{
  (void)h ;
}

static GSocketAddressEnumerator *enumerate (GSocketConnectable *h)
{
  (void)h ;
  return g_object_new(list_get_type(), NULL) ;
}

static void host_interface (GSocketConnectableIface *i)
{
  i->enumerate = enumerate ;
}

static void connected (GObject *client, GAsyncResult *r, gpointer loop)
{
  GSocketConnection *c = g_socket_client_connect_finish(G_SOCKET_CLIENT(client), r, 0) ;
  if (!c) op_die("g_socket_client_connect_finish") ;
  g_object_unref(c) ;
  g_main_loop_quit(loop) ;
}

static void race (unsigned int n, unsigned int first)
{
  GMainLoop *loop = g_main_loop_new(0, FALSE) ;
  GSocketClient *client = g_socket_client_new() ;
  Host *host = g_object_new(host_get_type(), NULL) ;
  g_socket_client_set_enable_proxy(client, FALSE) ;
  from = first ;
  while (n--)
  {
    g_socket_client_connect_async(client, G_SOCKET_CONNECTABLE(host), 0, &connected, loop) ;
    g_main_loop_run(loop) ;
  }
}

static void race1 (unsigned int n)
{
  race(n, 3) ;
}

static void race4 (unsigned int n)
{
  race(n, 0) ;
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "accept", accepts }, { "race1", race1 }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
