/* A write's way over the desk. The command runs once a key: the reply to the first request is kept in the command's own transaction, and
 * whoever comes later with the same key gets it again. Two with one key in the same batch meet here too, since the desk runs one by one. */
#include "http/http_internal.h"

static Request *request_of(DeskJob *job) { return (Request *)((char *)job - offsetof(Request, job)); }

static bool replay(Request *request, DeskContext *context, int64_t row_id, Error *error) {
  KeptReply kept;
  if (!keys_read(&kept, context->arena, context->db, context->county_id, row_id, error)) return false;
  if (kept.fingerprint != request->fingerprint) return error_raise(error, ERROR_IDEMPOTENCY_REUSED, "%s", "");
  request->reply.status = kept.status;
  buffer_text(&request->reply.body, kept.body);
  request->replayed = true;
  return true;
}

static bool work(DeskContext *context, void *command, Error *error) {
  Request *request = command;
  const HttpRoute *row = request->route->row;
  int64_t row_id;
  if ((row->flags & HTTP_KEYED) && keys_find(&request->http->keys, request->key_hash, &row_id)) return replay(request, context, row_id, error);
  request->hunger = memory_hunger();
  bool ok = row->work(context, request->command, error);
  return ok || schema_fed(request->hunger, false, "command", error); /* if it did: what it did is judged with the reactions to it */
}

static bool finish(DeskContext *context, DeskJob *job, Error *error) {
  Request *request = request_of(job);
  const HttpRoute *row = request->route->row;
  HttpReply *reply = &request->reply;
  if (request->replayed) return true;
  if (!row->encode(&request->open, request->command, reply, request->route->room, error) || !schema_fed(request->hunger, true, "command", error) || !reply_is_whole(reply, error)) return false;
  if (!(row->flags & HTTP_KEYED)) return true;
  KeptReply kept = {request->fingerprint, reply_status(reply), buffer_as_text(&reply->body)};
  int64_t id = desk_new_id(context);
  return keys_write(context->db, context->county_id, id, request->key_hash, &kept, error) &&
         keys_put(&request->http->keys, request->key_hash, id, error);
}

static void done(DeskJob *job) {
  Request *request = request_of(job);
  request->failed = !job->ok;
  if (!job->ok) request->error = job->error;
  request_resume(request);
}

void write_submit(Request *request) {
  request->job = (DeskJob){.work = work, .command = request, .actor = text_of(request->open.who.actor), .finish = finish, .done = done,
                           .first = request->route->row->flags & HTTP_URGENT};
  if (desk_submit(request->http->options.desk, &request->job, &request->error)) return;
  request->failed = true;
  request_resume(request);
}
