#include "keys/keyspace_walk.h"

#include <algorithm>

#include "error/error.h"

namespace redkeep::keys {
namespace {
// Far above any real keyspace at 1,000 keys a page; a server that gives a cursor for ever is
// broken.
constexpr std::int64_t kMostPages = 100'000'000;
}  // namespace

KeyspaceWalk::KeyspaceWalk(std::string glob, std::size_t page_keys)
    : glob_(std::move(glob)), page_keys_(page_keys) {}

KeyspaceWalk::KeyspaceWalk(std::string glob, std::size_t page_keys, std::string cursor)
    : glob_(std::move(glob)), page_keys_(page_keys), cursor_(std::move(cursor)) {}

void KeyspaceWalk::ask(redis::CommandBuffer& commands) const {
  const std::string count = std::to_string(page_keys_);
  if (glob_ == "*") {
    commands.add({"SCAN", cursor_, "COUNT", count});  // spares the server matching each key
  } else {
    commands.add({"SCAN", cursor_, "MATCH", glob_, "COUNT", count});
  }
}

Result<std::vector<std::string>> KeyspaceWalk::take(redis::Reply reply) {
  const bool shaped = reply.is_array() && reply.elements.size() == 2 &&
                      reply.elements[0].is_string() && reply.elements[1].is_array();
  if (!shaped) return redis::unexpected_reply("SCAN", reply);
  cursor_ = std::move(reply.elements[0].text);
  if (cursor_.empty() ||
      !std::all_of(cursor_.begin(), cursor_.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return make_error(ErrorKind::Protocol, "the server answered SCAN with the cursor \"{}\"",
                      printable(cursor_));
  }
  done_ = cursor_ == "0";
  if (++pages_ > kMostPages) {
    return make_error(ErrorKind::Protocol, "SCAN did not come to an end after {} pages", pages_);
  }
  std::vector<std::string> page;
  page.reserve(reply.elements[1].elements.size());
  for (auto& key : reply.elements[1].elements) page.push_back(std::move(key.text));
  return page;
}

}  // namespace redkeep::keys
