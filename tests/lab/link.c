/*
 * A link emulator: carries Ethernet frames between two interfaces, with delay, rate, loss and a
 * queue of limited length in each direction.
 *
 *   link IF_A IF_B DELAY_MS MBIT_A_TO_B MBIT_B_TO_A LOSS_PERCENT QUEUE_MS
 *
 * Both interfaces are ends of veth pairs, without addresses, in a namespace where nothing is routed.
 * DELAY_MS is for one way. A rate of 0 is unlimited. QUEUE_MS is the length of the drop-tail queue at
 * the rate of its direction; a queue holds at least 32 KiB. Losses are random and independent.
 * Segmentation offloads must be off at both ends of both pairs, since frames longer than MAX_FRAME
 * are dropped and counted.
 *
 * SIGUSR1 begins or ends a blackout, in which all frames are lost. SIGTERM prints counters and ends.
 * "ready" is printed once frames are carried. The tests compile this file when they run.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

enum {
  MAX_FRAME = 2048,
  BATCH = 32,
  RING_BYTES = 32 << 20,    /* 500 Mbit/s for half a second */
  WIRE_OVERHEAD = 24,       /* preamble, frame check sequence and gap between frames, bytes */
  MIN_QUEUE_BYTES = 32768,
  SOCKET_BUFFER = 16 << 20,
  REALTIME_PRIORITY = 20,
};
static const uint64_t IDLE_NS = 100 * 1000 * 1000;

/* A frame on its way, followed by its bytes; `length` 0 marks the unused end of the ring. */
struct entry {
  uint64_t due;
  uint32_t length;
  uint32_t size; /* entry and bytes together, a multiple of 8 */
};

struct direction {
  const char *name;
  int from, to;
  double nsPerByte; /* 0: unlimited */
  double queueBytes;
  uint64_t delayNs;
  uint32_t lossOf2to32;
  uint64_t random;
  uint64_t sentUntil; /* when the last queued frame will have left the sender */
  unsigned char *ring;
  uint64_t head, tail; /* offsets that only grow */
  uint64_t carried, lost, overflowed, tooLong;
};

static volatile sig_atomic_t dark, ending;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int openInterface(const char *name) {
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), yes = 1, size = SOCKET_BUFFER;
  struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
  address.sll_ifindex = if_nametoindex(name);
  if (fd < 0 || address.sll_ifindex == 0) fail(name);
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes)) fail("PACKET_IGNORE_OUTGOING");
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) fail(name);
  /* Without the right to exceed the limit, the kernel's default sizes are used. */
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  return fd;
}

/* xorshift64*, of which the upper half is used. */
static uint32_t nextRandom(struct direction *d) {
  d->random ^= d->random >> 12;
  d->random ^= d->random << 25;
  d->random ^= d->random >> 27;
  return (uint32_t)((d->random * 0x2545f4914f6cdd1dULL) >> 32);
}

static struct entry *at(struct direction *d, uint64_t offset) {
  return (struct entry *)(d->ring + offset % RING_BYTES);
}

/* The oldest frame on its way, or NULL. */
static struct entry *oldest(struct direction *d) {
  if (d->head == d->tail) return NULL;
  struct entry *first = at(d, d->head);
  if (first->length > 0) return first;
  d->head += first->size;
  return oldest(d);
}

/* Appends a frame; returns 0 if the ring is full. */
static int append(struct direction *d, const unsigned char *bytes, uint32_t length, uint64_t due) {
  uint32_t size = (sizeof(struct entry) + length + 7) / 8 * 8;
  uint64_t left = RING_BYTES - d->tail % RING_BYTES;
  /* An entry never wraps, and room for a mark stays at the end. */
  uint64_t skip = left < size + sizeof(struct entry) ? left : 0;
  if (d->tail + skip + size - d->head > RING_BYTES) return 0;
  if (skip > 0) {
    *at(d, d->tail) = (struct entry){ .size = skip };
    d->tail += skip;
  }
  struct entry *entry = at(d, d->tail);
  *entry = (struct entry){ due, length, size };
  memcpy(entry + 1, bytes, length);
  d->tail += size;
  return 1;
}

static void enqueue(struct direction *d, const unsigned char *bytes, uint32_t length, uint64_t time) {
  if (length > MAX_FRAME) {
    d->tooLong++;
    return;
  }
  if (dark || (d->lossOf2to32 > 0 && nextRandom(d) < d->lossOf2to32)) {
    d->lost++;
    return;
  }
  uint64_t begin = d->sentUntil > time ? d->sentUntil : time, end = begin;
  if (d->nsPerByte > 0) {
    if ((begin - time) / d->nsPerByte + length > d->queueBytes) {
      d->overflowed++;
      return;
    }
    end = begin + (uint64_t)((length + WIRE_OVERHEAD) * d->nsPerByte);
  }
  if (!append(d, bytes, length, end + d->delayNs)) {
    d->overflowed++;
    return;
  }
  d->sentUntil = end;
  d->carried++;
}

static void *carry(void *argument) {
  struct direction *d = argument;
  unsigned char(*frames)[MAX_FRAME] = malloc(BATCH * MAX_FRAME);
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){ frames[i], MAX_FRAME };
    messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
  }
  prctl(PR_SET_TIMERSLACK, 1);
  while (!ending) {
    struct entry *first = oldest(d);
    uint64_t time = now(), wait = IDLE_NS;
    if (first) wait = first->due > time ? first->due - time : 0;
    if (wait > IDLE_NS) wait = IDLE_NS;
    struct pollfd in = { .fd = d->from, .events = POLLIN };
    struct timespec limit = { 0, (long)wait };
    if (wait > 0) ppoll(&in, 1, &limit, NULL);
    int count = recvmmsg(d->from, messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    time = now();
    for (int i = 0; i < count; i++) enqueue(d, frames[i], messages[i].msg_len, time);
    while ((first = oldest(d)) && first->due <= now()) {
      if (send(d->to, first + 1, first->length, 0) < 0 && errno != EINTR) d->overflowed++;
      d->head += first->size;
    }
  }
  free(frames);
  return NULL;
}

static void onSignal(int number) {
  if (number == SIGUSR1) dark = !dark;
  else ending = 1;
}

static double number(const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != 0 || value < 0) {
    fprintf(stderr, "not a number of 0 or more: %s\n", text);
    exit(2);
  }
  return value;
}

int main(int count, char **arguments) {
  if (count != 8) {
    fputs("link IF_A IF_B DELAY_MS MBIT_A_TO_B MBIT_B_TO_A LOSS_PERCENT QUEUE_MS\n", stderr);
    return 2;
  }
  int a = openInterface(arguments[1]), b = openInterface(arguments[2]);
  double delayMs = number(arguments[3]), loss = number(arguments[6]), queueMs = number(arguments[7]);
  struct direction directions[2] = { { .name = "a>b", .from = a, .to = b }, { .name = "b>a", .from = b, .to = a } };
  pthread_t threads[2];
  struct sigaction action = { .sa_handler = onSignal };
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  /* A late emulator would lose or delay more than it was told to. It works without this right, too. */
  struct sched_param priority = { .sched_priority = REALTIME_PRIORITY };
  sched_setscheduler(0, SCHED_FIFO, &priority);
  for (int i = 0; i < 2; i++) {
    struct direction *d = &directions[i];
    double bytesPerMs = number(arguments[4 + i]) * 1e6 / 8e3;
    d->nsPerByte = bytesPerMs > 0 ? 1e6 / bytesPerMs : 0;
    d->queueBytes = bytesPerMs * queueMs > MIN_QUEUE_BYTES ? bytesPerMs * queueMs : MIN_QUEUE_BYTES;
    d->delayNs = (uint64_t)(delayMs * 1e6);
    d->lossOf2to32 = loss >= 100 ? UINT32_MAX : (uint32_t)(loss / 100 * 4294967296.0);
    d->random = now() * 2 + 1 + i * 7919;
    d->ring = malloc(RING_BYTES);
    if (!d->ring || pthread_create(&threads[i], NULL, carry, d)) fail("start");
  }
  puts("ready");
  fflush(stdout);
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
    struct direction *d = &directions[i];
    printf("%s: %lu carried, %lu lost, %lu overflowed, %lu too long\n", d->name, (unsigned long)d->carried,
      (unsigned long)d->lost, (unsigned long)d->overflowed, (unsigned long)d->tooLong);
  }
  return 0;
}
