#pragma once
// A blocking connection that is only fast: whole batches out, replies looked at and thrown away.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::bench {

/// What a load wants to know of a reply. Contents are skipped unread.
struct PlainReply {
  char type = 0;            ///< The RESP2 byte: + - : $
  std::int64_t number = 0;  ///< An integer's value, or the length of a bulk string (-1: none).
  std::string_view line;    ///< The rest of a status or error; valid until the next call.

  [[nodiscard]] bool is_error() const { return type == '-'; }
  [[nodiscard]] bool is_oom() const { return is_error() && line.starts_with("OOM"); }
  [[nodiscard]] bool is_nothing() const { return type == '$' && number < 0; }
};

/// One connection over a Unix socket. Anything that goes wrong ends the program with a message:
/// a benchmark without its server has no result.
class ReplyPipe {
 public:
  explicit ReplyPipe(const std::string& socket_path);
  ~ReplyPipe();
  ReplyPipe(const ReplyPipe&) = delete;
  ReplyPipe& operator=(const ReplyPipe&) = delete;

  /// Blocks until the kernel has taken everything. Redis buffers its replies, so that it can always
  /// be done before the first reply is read.
  void send(std::string_view commands);

  PlainReply next();

 private:
  void read_more();
  void skip(std::size_t bytes);

  int socket_ = -1;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace redkeep::bench
