#include "redis/raw_reply.h"

#include <optional>

#include "error/error.h"
#include "redis/reply_reader.h"

namespace redkeep::redis {
namespace {

enum class Found { Item, NotYet, Nonsense };

// A line is a number at most, or a status, or an error, which servers keep short.
constexpr std::size_t kLongestLine = std::size_t{64} << 10;

// A line of digits up to its end, which bulk replies mostly consist of: faster than looking for the
// end first. Nothing if it is anything else.
std::optional<std::int64_t> read_count(std::string_view& rest) {
  std::int64_t count = 0;
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; ++i) {
    if (i > 10) return std::nullopt;
    count = 10 * count + (rest[i] - '0');
  }
  if (i == 1 || rest.substr(i, 2) != "\r\n") return std::nullopt;
  rest.remove_prefix(i + 2);
  return count;
}

Found read_line(std::string_view& rest, RawItem& item) {
  const auto end = rest.find('\r');
  if (end == std::string_view::npos || end + 1 >= rest.size()) {
    return rest.size() > kLongestLine ? Found::Nonsense : Found::NotYet;
  }
  if (rest[end + 1] != '\n') return Found::Nonsense;
  item.text = rest.substr(1, end - 1);
  rest.remove_prefix(end + 2);
  return Found::Item;
}

Found read_item(std::string_view& rest, RawItem& item) {
  if (rest.empty()) return Found::NotYet;
  const std::string_view begun = rest;
  item = {rest[0], {}, 0};
  if (item.kind == '+' || item.kind == '-' || item.kind == ':') return read_line(rest, item);
  if (item.kind != '$' && item.kind != '*') return Found::Nonsense;
  if (const auto count = read_count(rest)) {
    item.count = *count;
  } else {
    RawItem line;
    const Found found = read_line(rest, line);
    if (found != Found::Item) return found;
    if (line.text != "-1") return Found::Nonsense;
    item.count = -1;
  }
  if (item.kind == '*' || item.is_nil()) return Found::Item;
  const auto size = static_cast<std::size_t>(item.count);
  if (size > ReplyReader::kMaxReplyBytes) return Found::Nonsense;
  if (rest.size() < size + 2) {
    rest = begun;
    return Found::NotYet;
  }
  item.text = rest.substr(0, size);
  if (rest[size] != '\r' || rest[size + 1] != '\n') return Found::Nonsense;
  rest.remove_prefix(size + 2);
  return Found::Item;
}

}  // namespace

Result<std::size_t> first_reply_bytes(std::string_view bytes) {
  std::string_view rest = bytes;
  // Each element is four bytes at the least, so the end of the bytes is soon come to.
  for (std::int64_t due = 1; due > 0; --due) {
    RawItem item;
    const Found found = read_item(rest, item);
    if (found == Found::NotYet) return std::size_t{0};
    if (found == Found::Nonsense) {
      return make_error(ErrorKind::Protocol, "the server sent something that is not RESP: \"{}\"",
                        printable(rest.substr(0, 40)));
    }
    if (item.kind != '*' || item.is_nil()) continue;
    if (item.count > static_cast<std::int64_t>(ReplyReader::kMaxReplyElements)) {
      return make_error(ErrorKind::Protocol, "the server sent a reply of {} elements", item.count);
    }
    due += item.count;
  }
  return bytes.size() - rest.size();
}

RawItem take_item(std::string_view& reply) {
  RawItem item;
  read_item(reply, item);
  return item;
}

}  // namespace redkeep::redis
