/* Attacks that tell somebody: every way out of the process but its pipe. */
#define _GNU_SOURCE
#include "attacks.h"
#include <linux/netlink.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

static struct sockaddr_in here(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static long connect_tcp(void) {
    struct sockaddr_in to = here(number("/tcp"));
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}
/* Connects by sending, which Landlock does not take for a connection. */
static long connect_tcp_by_sending(void) {
    struct sockaddr_in to = here(number("/tcp"));
    int end = socket(AF_INET, SOCK_STREAM, 0);
    return sendto(end, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to) == 1 ? 0 : -1;
}
static long send_udp(void) {
    struct sockaddr_in to = here(number("/udp"));
    return sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1 ? 0 : -1;
}
static long listen_tcp(void) {
    struct sockaddr_in any = here(0);
    int end = socket(AF_INET, SOCK_STREAM, 0);
    return bind(end, (struct sockaddr *)&any, sizeof any) != 0 ? -1 : listen(end, 1);
}
static long send_raw(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) < 0 ? -1 : 0; }
static long ask_the_kernel(void) { return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) < 0 ? -1 : 0; }
static long connect_unix(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", in_root("/socket"));
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}
static long connect_abstract(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    /* A name that begins with NUL; the test listens there, and names it for its process. */
    int length = snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "assay-attacks-%d", number("/abstract"));
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, size);
}
static long pair_of_sockets(void) { return socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0, 0}); }
static long write_past_the_pipe(void) {
    /* Its input is a pipe, too, whose other end the core has. */
    int pipe[2];
    return pipe2(pipe, 0);
}
static long open_a_fifo_to_write(void) { return open(in_root("/fifo"), O_RDWR) < 0 ? -1 : 0; }
static long message_queue(void) {
    mqd_t queue = mq_open("/assay-attacks", O_CREAT | O_RDWR, 0600, NULL);
    return queue < 0 ? -1 : mq_unlink("/assay-attacks");
}

const struct named TALK[] = {
    NAMED(connect_tcp) NAMED(connect_tcp_by_sending) NAMED(listen_tcp) NAMED(send_udp) NAMED(send_raw)
    NAMED(ask_the_kernel) NAMED(connect_unix) NAMED(connect_abstract) NAMED(pair_of_sockets)
    NAMED(write_past_the_pipe) NAMED(open_a_fifo_to_write) NAMED(message_queue)
    {NULL, NULL},
};
