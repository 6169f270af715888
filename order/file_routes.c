/* Attachments: up, down, and held to orders. */
#include <stdio.h>

#include "base/limits.h"
#include "order/attachment.h"
#include "order/order_page.h"
#include "order/order_schemas.h"

bool attachment_ready(const char **type, unsigned char *bytes, size_t *len, bool keeps_place, Error *error) {
  *type = attachment_type((Text){(const char *)bytes, *len});
  if (!*type || !attachment_strip(bytes, len, keeps_place)) return error_raise(error, ERROR_ATTACHMENT_TYPE, "%s", "");
  return true;
}

bool attachment_add(DeskContext *context, OrderId order, int64_t group_id, const char *type, Text body, int64_t *id, Error *error) {
  Attachment one = {.id = desk_new_id(context),
                    .order = order,
                    .group_id = group_id,
                    .type = text_of(type),
                    .staff_id = order_actor_staff(context->actor)};
  *id = one.id;
  return store_insert_attachment(context, &one, body, error);
}

typedef struct Upload {
  Orders *orders;
  OrderId order;
  const char *type;
  Text body;
  int64_t id, org_id;
} Upload;

static bool may_see(const HttpRequest *request, const Orders *orders, int64_t org_id, Error *error) {
  size_t row;
  if (!orders->people || !org_id || !request->who.org_id || people_org_within(orders->people, org_id, request->who.org_id)) return true;
  bool known = people_org_row(orders->people, org_id, &row);
  return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(known ? people_org(orders->people, row)->name : TEXT("?")));
}

static bool decode_upload(HttpRequest *request, void **out, void *room, Error *error) {
  Orders *orders = room;
  Upload *upload = ARENA_NEW(request->arena, Upload);
  unsigned char *bytes = arena_copy(request->arena, request->raw_body.at, request->raw_body.len);
  size_t len = request->raw_body.len;
  if (!upload || !bytes) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "attachment");
  upload->orders = orders;
  bool keeps = false;
  if (!http_query_i64(request, "order", 0, 1, INT64_MAX, &upload->order.value, error)) return false;
  if (upload->order.value) {
    if (!desk_read_whole(orders->desk, error)) return false;
    const Order *order = order_find(orders, upload->order);
    keeps = order && order->kind->keeps_place;
    int64_t org = order && order->org != ORDER_NO_ORG ? people_org(orders->people, order->org)->id : 0;
    desk_read_end(orders->desk);
    if (!order) return error_raise(error, ERROR_NOT_FOUND, "order\t%lld", (long long)upload->order.value);
    if (!may_see(request, orders, org, error)) return false;
  }
  if (!attachment_ready(&upload->type, bytes, &len, keeps, error)) return false;
  upload->body = (Text){(const char *)bytes, len};
  *out = upload;
  return true;
}

static void count_one(void *self, const Attachment *attachment) { (void)attachment, ++*(int64_t *)self; }

static bool work_upload(DeskContext *context, void *command, Error *error) {
  Upload *upload = command;
  int64_t count = 0;
  if (upload->order.value && !store_attachments(context->db, context->county_id, upload->order, 0, count_one, &count, error)) return false;
  if (count >= LIMIT_ATTACHMENTS_PER_ORDER)
    return error_raise(error, ERROR_LIMIT, "附件" ERROR_BOTH "attachments\t%d", LIMIT_ATTACHMENTS_PER_ORDER);
  return attachment_add(context, upload->order, 0, upload->type, upload->body, &upload->id, error);
}

static bool encode_upload(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  const Upload *upload = command;
  Json json;
  reply->status = 201;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_id(&json, "id", upload->id);
  json_put_string(&json, "type", upload->type);
  json_put_i64(&json, "bytes", (int64_t)upload->body.len);
  json_close(&json);
  return true;
}

static void keep_one(void *self, const Attachment *attachment) {
  Attachment *out = self;
  static const char *const TYPES[] = {"image/jpeg", "image/png", "image/webp", "application/pdf"};
  *out = *attachment;
  out->type = TEXT("application/octet-stream");
  for (size_t i = 0; i < 4; i++)
    if (text_is(attachment->type, TYPES[i])) out->type = text_of(TYPES[i]);
}

bool order_attachment_body(HttpReply *reply, Db *db, int64_t county_id, int64_t id, Error *error) {
  Attachment one = {0};
  if (!store_attachments(db, county_id, (OrderId){0}, id, keep_one, &one, error)) return false;
  reply->content_type = one.id ? one.type.at : "application/octet-stream";
  http_reply_header(reply, "Content-Disposition", "%s", text_is(one.type, "application/pdf") ? "attachment" : "inline");
  return store_attachment_body(&reply->body, db, county_id, id, error);
}

static bool get_attachment(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Attachment one = {0};
  int64_t id, org = 0;
  bool found;
  if (!http_argument_id(request, 0, "attachment", &id, error) ||
      !store_attachments(request->db, orders->county_id, (OrderId){0}, id, keep_one, &one, error))
    return false;
  bool own = one.id && one.staff_id == request->who.staff_id;
  if (!one.id || (!one.order.value && !own))
    return error_raise(error, ERROR_NOT_FOUND, "附件" ERROR_BOTH "attachment\t%lld", (long long)id);
  if (one.order.value &&
      (!store_order_org(&found, &org, request->db, orders->county_id, one.order, error) || !may_see(request, orders, org, error)))
    return false;
  return order_attachment_body(reply, request->db, orders->county_id, id, error);
}

const HttpRoute FILE_ROUTES[] = {
    {.method = "POST",
     .path = "/api/v1/attachments",
     .flags = HTTP_KEYED | HTTP_RAW_BODY,
     .summary = "A picture (JPEG, PNG, WebP) or PDF, held to an open order or, later, by the form that names it",
     .query = "order",
     .request_schema = "application/octet-stream",
     .reply_schema = SCHEMA_ATTACHMENT,
     .decode = decode_upload,
     .work = work_upload,
     .encode = encode_upload},
    {.method = "GET", .path = "/api/v1/attachments/{id}", .summary = "Its bytes", .read = get_attachment},
    {.method = NULL},
};
