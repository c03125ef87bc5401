/* The load: many Socket.IO clients in one thread, cheap enough to be no bottleneck; it says how busy it was.

   generator PORT PID[,PID] CLIENTS ROOMS SECONDS closed WINDOW | open RATE | idle 0 [deflate]  < credentials

   One line of standard input per client, three columns with tabs between: its room, what it sends with
   CONNECT (may be empty), and with what it asks to be in the room.
   Client i is in room i % ROOMS. Every message carries its sender, its number from that sender, and
   its place in our table; every recipient checks that each sender's numbers come once and in order.
   In a closed loop WINDOW messages are under way at any time; in an open one RATE a second are
   sent, whatever comes back, and lateness counts from when a message was due.
   With "deflate" every client offers permessage-deflate, as browsers do; a server that takes it is not for us.
   The result is one line of JSON. PIDs are the server: their CPU time is read when the measured part
   begins and when it ends. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SHOOK = 0, OPENED, CONNECTED, JOINED };
enum { WARM_UP_PERCENT = 25, TOGETHER = 64, BODY = 64 };

typedef struct {
  int fd, state, room, place, sent, acked;
  char *name, *credentials, *resume;
  unsigned char *held; /* of a frame that has not come whole */
  size_t have, room_for;
  int *heard; /* by place of the sender in the room: its last number */
} Client;

typedef struct {
  uint64_t due;
  int left;
} Message;

static Client *clients;
static Message *messages;
static int n_clients, n_rooms, members, loop_fd, joined, started, next_sender, under_way;
static int n_messages, most_messages = 1 << 23, measured_from = -1;
static long deliveries, lost, twice, disorder, refused, gone;
static uint64_t lateness[4096], acks[4096];
static unsigned char segment[1 << 20];
static const char *offer = "";

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void die(const char *why) {
  fprintf(stderr, "generator: %s\n", why);
  exit(1);
}

/* Histograms with 64 steps to each doubling, from a microsecond up: within 1.1 %. */
static int step_of(uint64_t ns) {
  uint64_t us = ns / 1000 + 1;
  int high = 63 - __builtin_clzll(us);
  int low = high >= 6 ? (us >> (high - 6)) & 63 : (us << (6 - high)) & 63;
  int step = high * 64 + low;
  return step < 4095 ? step : 4095;
}

static double quantile(const uint64_t *histogram, double part) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i < 4096; i++) all += histogram[i];
  for (int i = 0; i < 4096; i++)
    if (all && (seen += histogram[i]) >= part * all)
      return (double)(1ull << (i / 64)) * (1 + (i % 64) / 64.0) / 1000;
  return 0;
}

/* Of all these processes together: "PID,PID". */
static double cpu_of(const char *pids) {
  char path[64], line[2048], *rest;
  unsigned long user, system, all = 0;
  for (const char *at = pids; *at; at = *rest ? rest + 1 : rest) {
    snprintf(path, sizeof path, "/proc/%ld/stat", strtol(at, &rest, 10));
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) die("the server is gone");
    fclose(file);
    sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    all += user + system;
  }
  return (double)all / sysconf(_SC_CLK_TCK);
}

static double own_cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void write_all(Client *client, const void *data, size_t size) {
  for (const char *at = data; size;) {
    ssize_t sent = send(client->fd, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) continue; /* the server does not read: then we wait, too */
    if (sent < 0) {
      gone++;
      return;
    }
    at += sent;
    size -= sent;
  }
}

/* A masked text frame; the mask is zero, which costs the server the same. */
static void say(Client *client, const char *text) {
  static char frame[8192];
  size_t size = strlen(text), head = size < 126 ? 6 : 8;
  frame[0] = (char)0x81;
  frame[1] = (char)(0x80 | (size < 126 ? size : 126));
  if (size >= 126) frame[2] = (char)(size >> 8), frame[3] = (char)size;
  memset(frame + head - 4, 0, 4);
  memcpy(frame + head, text, size);
  write_all(client, frame, head + size);
}

static void begin(Client *client) {
  struct sockaddr_in where = {.sin_family = AF_INET};
  extern int port;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  client->fd = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(client->fd, (void *)&where, sizeof where)) die("cannot connect");
  fcntl(client->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  epoll_ctl(loop_fd, EPOLL_CTL_ADD, client->fd, &event);
  char request[512];
  int size = snprintf(request, sizeof request,
                      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n%s"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                      port, offer);
  write_all(client, request, size);
}

static void send_message(uint64_t due) {
  Client *sender = &clients[next_sender];
  next_sender = (next_sender + 1) % n_clients;
  if (n_messages == most_messages) die("too many messages");
  int id = n_messages++;
  messages[id] = (Message){due, members + 1}; /* everybody in the room, and the acknowledgement */
  under_way++;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  /* An hour ahead: in a room's first quarter of an hour the chat asks its database about every name. */
  unsigned long long ms = (t.tv_sec + 3600) * 1000ull + t.tv_nsec / 1000000;
  char body[BODY + 1], text[1024];
  memset(body, '.', BODY);
  body[BODY] = 0;
  body[snprintf(body, BODY, "#%d %d %d ", sender->place, ++sender->sent, id)] = '.';
  snprintf(text, sizeof text,
           "42%d[\"message:send\",{\"room_id\":\"%s\",\"client_id\":\"%08llx-%04llx-7000-8000-%012x\",\"body\":\"%s\"}]",
           id, sender->name, ms >> 16, ms & 0xffff, id, body);
  say(sender, text);
}

static void settle(int id, uint64_t *histogram, uint64_t at) {
  Message *message = &messages[id];
  if (histogram && measured_from >= 0 && id >= measured_from) histogram[step_of(at - message->due)]++;
  if (--message->left == 0) {
    under_way--;
    if (measured_from >= 0 && id >= measured_from) lateness[step_of(at - message->due)]++;
  }
}

static void hear_message(Client *client, const char *text, uint64_t at) {
  const char *mark = strstr(text, "\"body\":\"#");
  int place, number, id;
  if (!mark || sscanf(mark + 9, "%d %d %d", &place, &number, &id) != 3) die("a message without a mark");
  deliveries++;
  int *last = &client->heard[place];
  if (number == *last + 1)
    *last = number;
  else if (number <= *last)
    twice++;
  else
    disorder++, *last = number;
  settle(id, NULL, at);
}

static void hear(Client *client, char *text, uint64_t at) {
  if (!strncmp(text, "42[\"message:created\"", 20)) {
    hear_message(client, text, at);
  } else if (!strncmp(text, "43", 2)) {
    char *rest;
    long id = strtol(text + 2, &rest, 10);
    if (!strstr(rest, "\"ok\":true")) {
      fprintf(stderr, "generator: refused: %.300s\n", text);
      if (++refused > 3) die("too many refusals");
    } else if (client->state == CONNECTED) {
      client->state = JOINED;
      joined++;
    } else {
      client->acked++;
      settle(id, acks, at);
    }
  } else if (text[0] == '2' && !text[1]) {
    say(client, "3");
  } else if (text[0] == '0') {
    char connect[4096];
    client->state = OPENED;
    snprintf(connect, sizeof connect, "40%s", client->credentials);
    say(client, connect);
  } else if (!strncmp(text, "40", 2)) {
    char resume[512];
    client->state = CONNECTED;
    snprintf(resume, sizeof resume, "420[\"room:resume\",%s]", client->resume);
    say(client, resume);
  } else if (!strncmp(text, "44", 2) || !strncmp(text, "41", 2)) {
    fprintf(stderr, "%.300s\n", text);
    die("not let in");
  }
}

/* Every whole frame in these bytes; returns how many bytes they were. */
static size_t hear_frames(Client *client, unsigned char *data, size_t size, uint64_t at) {
  size_t done = 0;
  while (size - done >= 2) {
    unsigned char *frame = data + done;
    size_t length = frame[1] & 0x7f, head = 2, left = size - done;
    if (length == 126) {
      if (left < 4) break;
      length = frame[2] << 8 | frame[3], head = 4;
    } else if (length == 127) {
      if (left < 10) break;
      head = 10, length = 0;
      for (int i = 2; i < 10; i++) length = length << 8 | frame[i];
    }
    if (left < head + length) break;
    if ((frame[0] & 15) == 8) die("closed by the server");
    unsigned char kept = frame[head + length];
    frame[head + length] = 0;
    hear(client, (char *)frame + head, at);
    frame[head + length] = kept;
    done += head + length;
  }
  return done;
}

static void receive(Client *client) {
  memcpy(segment, client->held, client->have);
  ssize_t got = recv(client->fd, segment + client->have, sizeof segment - 1 - client->have, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) die("the server hung up");
  size_t size = client->have + got, done = 0;
  if (client->state == SHOOK && !memcmp(segment, "HTTP/1.1", 8 < size ? 8 : size)) {
    segment[size] = 0;
    char *end = strstr((char *)segment, "\r\n\r\n");
    if (end && memcmp(segment, "HTTP/1.1 101", 12)) die((char *)segment);
    if (end && memmem(segment, end - (char *)segment, "permessage-deflate", 18)) die("it compresses");
    done = end ? end + 4 - (char *)segment : 0;
    if (!end) goto keep;
  }
  done += hear_frames(client, segment + done, size - done, now());
keep:
  client->have = size - done;
  if (client->have > client->room_for) {
    client->room_for = client->have * 2;
    client->held = realloc(client->held, client->room_for);
  }
  memcpy(client->held, segment + done, client->have);
}

static void turn(int wait_ms) {
  struct epoll_event events[512];
  int n = epoll_wait(loop_fd, events, 512, wait_ms);
  for (int i = 0; i < n; i++) receive(events[i].data.ptr);
}

static void read_clients(void) {
  char line[4096];
  members = n_clients / n_rooms;
  for (int i = 0; i < n_clients; i++) {
    if (!fgets(line, sizeof line, stdin)) die("too few credentials");
    line[strcspn(line, "\n")] = 0;
    char *rest = line, *name = strsep(&rest, "\t"), *credentials = strsep(&rest, "\t");
    if (!credentials || !rest) die("three columns, please");
    clients[i] = (Client){.room = i % n_rooms, .place = i / n_rooms};
    clients[i].name = strdup(name), clients[i].credentials = strdup(credentials), clients[i].resume = strdup(rest);
    clients[i].heard = calloc(members, sizeof(int));
  }
}

int port;

int main(int argc, char **argv) {
  if (argc != 8 && argc != 9) die("usage: generator PORT PID CLIENTS ROOMS SECONDS closed|open|idle N [deflate]");
  if (argc == 9) offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  port = atoi(argv[1]);
  const char *pid = argv[2];
  int is_open = !strcmp(argv[6], "open"), is_idle = !strcmp(argv[6], "idle");
  n_clients = atoi(argv[3]), n_rooms = atoi(argv[4]);
  double seconds = atof(argv[5]), n = atof(argv[7]);
  clients = calloc(n_clients, sizeof *clients);
  messages = malloc(sizeof *messages * most_messages);
  loop_fd = epoll_create1(0);
  read_clients();

  uint64_t began = now();
  double cpu_before = cpu_of(pid);
  while (joined < n_clients) {
    while (started < n_clients && started - joined < TOGETHER) begin(&clients[started++]);
    turn(100);
    if (now() - began > 120000000000ull) die("not everybody is in after two minutes");
  }
  double connecting = (now() - began) / 1e9, cpu_connecting = cpu_of(pid) - cpu_before;
  for (uint64_t until = now() + 500000000; now() < until;) turn(50);

  uint64_t start = now(), measure = start + seconds * WARM_UP_PERCENT * 1e7, end = start + seconds * 1e9;
  uint64_t measured_at = 0, heard_before = 0, due = start;
  double cpu = 0, own = 0;
  next_sender = 0;
  while (now() < end) {
    if (measured_from < 0 && now() >= measure) {
      measured_from = n_messages, measured_at = now(), heard_before = deliveries;
      cpu = cpu_of(pid), own = own_cpu();
    }
    if (is_open)
      for (; due <= now(); due += 1e9 / n) send_message(due);
    else if (!is_idle)
      while (under_way < n) send_message(now());
    turn(is_open || is_idle ? 1 : 5);
  }
  double took = (now() - measured_at) / 1e9;
  cpu = cpu_of(pid) - cpu, own = own_cpu() - own;
  uint64_t heard = deliveries - heard_before;
  for (uint64_t until = now() + 10000000000ull; under_way && now() < until;) turn(50);

  for (int i = 0; i < n_clients; i++)
    for (int p = 0; p < members; p++) lost += clients[clients[i].room + p * n_rooms].sent - clients[i].heard[p];
  printf("{\"clients\": %d, \"rooms\": %d, \"seconds\": %.2f, \"messages\": %d, \"deliveries\": %lu, "
         "\"per_second\": %.0f, \"per_cpu_second\": %.0f, \"server_busy\": %.3f, \"generator_busy\": %.3f, "
         "\"last_p50\": %.2f, \"last_p99\": %.2f, \"ack_p50\": %.2f, \"ack_p99\": %.2f, "
         "\"connects_per_second\": %.0f, \"connects_per_cpu_second\": %.0f, "
         "\"lost\": %ld, \"twice\": %ld, \"disorder\": %ld, \"unfinished\": %d}\n",
         n_clients, n_rooms, took, n_messages, heard, heard / took, cpu > 0 ? heard / cpu : 0, cpu / took, own / took,
         quantile(lateness, .5), quantile(lateness, .99), quantile(acks, .5), quantile(acks, .99),
         n_clients / connecting, cpu_connecting > 0 ? n_clients / cpu_connecting : 0, lost, twice, disorder, under_way);
  return lost || twice || disorder || refused || gone ? 2 : 0;
}
