/* Who is connected, and what each owes: a request's head, its body, the taking of its reply. One that is late is closed, however many single bytes it
 * sends meanwhile. When there is no more room, the one that has owed a head the longest is closed for the one that comes. Of the loop's thread alone. */
#include <sys/socket.h>

#include "base/limits.h"
#include "http/http_internal.h"

enum { SWEEP_EVERY_MS = 250, LOOK_MOST = 100 };

static void unlink_peer(Peer *peer) {
  peer->before->after = peer->after;
  peer->after->before = peer->before;
}

static void link_last(Peers *peers, Peer *peer) {
  peer->before = peers->ring.before;
  peer->after = &peers->ring;
  peer->before->after = peer;
  peers->ring.before = peer;
}

void peers_begin(Peers *peers, size_t limit, int64_t patience_us) {
  *peers = (Peers){.limit = limit, .patience_us = patience_us};
  peers->ring.before = peers->ring.after = &peers->ring;
}

/* The library sees the end, and closes. */
static void let_go(Peer *peer) {
  peer->owes = PEER_NOTHING;
  shutdown(peer->socket, SHUT_RDWR);
}

/* When the server is late: his bytes are there, and unread. */
static bool has_spoken(const Peer *peer) {
  char byte;
  return recv(peer->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* First of those that never asked anything, then of those kept open: their next request may be on its way. */
static void make_room(Peers *peers) {
  Peer *longest[2] = {NULL, NULL};
  int looked = 0;
  for (Peer *peer = peers->ring.after; peer != &peers->ring && !longest[0]; peer = peer->after)
    if (peer->owes == PEER_HEAD && !longest[peer->served] && looked++ < LOOK_MOST && !has_spoken(peer)) longest[peer->served] = peer;
  Peer *peer = longest[0] ? longest[0] : longest[1];
  if (!peer) return;
  let_go(peer);
  peers->shed++;
}

void peer_owes(Peer *peer, PeerOwes what, size_t bytes) {
  if (!peer) return;
  Peers *peers = peer->peers;
  int64_t patience = peers->patience_us;
  if (what == PEER_HEAD && peer->served) patience *= LIMIT_CONNECTION_SECONDS / LIMIT_PATIENCE_SECONDS; /* kept open for the next */
  if (what == PEER_BODY || what == PEER_TAKING) patience = 2 * patience + (int64_t)(bytes / LIMIT_SLOWEST_BYTES) * 1000000;
  peer->served |= what == PEER_TAKING;
  peer->owes = what;
  peer->until = time_monotonic_us() + patience;
  unlink_peer(peer);
  link_last(peers, peer);
}

Peer *peer_begin(Peers *peers, int socket) {
  Peer *peer = memory_new(sizeof *peer);
  if (!peer) return NULL;
  if (peers->count >= peers->limit) make_room(peers);
  *peer = (Peer){.peers = peers, .socket = socket};
  link_last(peers, peer);
  peers->count++;
  peer_owes(peer, PEER_HEAD, 0);
  return peer;
}

void peer_end(Peer *peer) {
  if (!peer) return;
  unlink_peer(peer);
  peer->peers->count--;
  memory_free(peer);
}

void peers_sweep(Peers *peers) {
  int64_t now = time_monotonic_us();
  if (now - peers->swept < SWEEP_EVERY_MS * 1000) return;
  peers->swept = now;
  for (Peer *peer = peers->ring.after; peer != &peers->ring; peer = peer->after) {
    if (peer->owes == PEER_NOTHING || peer->until > now) continue;
    let_go(peer);
    peers->late++;
  }
}
