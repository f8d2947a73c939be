#include "redis/reply_reader.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <algorithm>

#include "error/error.h"

namespace redkeep::redis {
namespace {

// hiredis asks for objects by task; a task inside an array has that array's task as its parent. The
// pointer to a nested array stays good while it is filled, because its parent grows only
// afterwards.
// Nothing ends the reading with an error.
Reply* place(const redisReadTask* task) {
  if (++*static_cast<std::size_t*>(task->privdata) > ReplyReader::kMaxReplyElements) return nullptr;
  if (task->parent == nullptr) return new Reply;
  return &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
}

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
  Reply* reply = place(task);
  if (reply == nullptr) return nullptr;
  reply->type = task->type == REDIS_REPLY_ERROR    ? Reply::Type::Error
                : task->type == REDIS_REPLY_STATUS ? Reply::Type::Status
                                                   : Reply::Type::String;
  reply->text.assign(text, size);
  return reply;
}

void* create_array(const redisReadTask* task, int claimed_elements) {
  constexpr int kMostReservedAhead = 1024;
  Reply* reply = place(task);
  if (reply == nullptr) return nullptr;
  reply->type = Reply::Type::Array;
  reply->elements.reserve(
      static_cast<std::size_t>(std::clamp(claimed_elements, 0, kMostReservedAhead)));
  return reply;
}

void* create_integer(const redisReadTask* task, long long value) {
  Reply* reply = place(task);
  if (reply == nullptr) return nullptr;
  reply->type = Reply::Type::Integer;
  reply->integer = value;
  return reply;
}

void* create_nil(const redisReadTask* task) { return place(task); }

void free_object(void* object) { delete static_cast<Reply*>(object); }

redisReplyObjectFunctions object_functions{create_string, create_array, create_integer, create_nil,
                                           free_object};

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(&object_functions)) {
  reader_->privdata = &elements_;
}
ReplyReader::~ReplyReader() = default;

Status ReplyReader::feed(std::string_view bytes) {
  fed_since_reply_ += bytes.size();
  if (fed_since_reply_ > kMaxReplyBytes + (std::size_t{1} << 20)) {
    return make_error(ErrorKind::Protocol, "the server sent a reply of more than {} MiB",
                      kMaxReplyBytes >> 20);
  }
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return make_error(ErrorKind::Protocol, "the reply reader failed: {}", reader_->errstr);
  }
  return {};
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* object = nullptr;
  if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK) {
    if (elements_ > kMaxReplyElements) {
      return make_error(ErrorKind::Protocol, "the server sent a reply of more than {} elements",
                        kMaxReplyElements);
    }
    return make_error(ErrorKind::Protocol, "the server sent something that is not RESP: {}",
                      printable(reader_->errstr));
  }
  if (object == nullptr) return std::optional<Reply>{};
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(object));
  fed_since_reply_ = reader_->len - reader_->pos;
  elements_ = 0;
  return std::optional<Reply>(std::move(*reply));
}

bool ReplyReader::has_rest() const { return reader_->pos < reader_->len; }

}  // namespace redkeep::redis
