#pragma once
// Names of keys one after the other, as the arguments of a command, so that asking for many of them
// copies them at once. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "redis/command_buffer.h"

namespace redkeep::recovery {

class NameBatch {
 public:
  void add(std::string_view key) {
    redis::CommandBuffer::append_argument(wire_, key);
    ends_.push_back({wire_.size(), key.size()});
  }

  std::size_t size() const { return ends_.size(); }

  std::string_view at(std::size_t place) const {
    const End& end = ends_[place];
    const std::size_t begin = end.of_argument - kLineEnd - end.bytes_of_name;
    return std::string_view(wire_).substr(begin, end.bytes_of_name);
  }

  /// Adds those from `first` to before `last` to a command that was begun.
  void give(std::size_t first, std::size_t last, redis::CommandBuffer& out) const {
    const std::size_t begin = first == 0 ? 0 : ends_[first - 1].of_argument;
    const std::size_t end = last == 0 ? 0 : ends_[last - 1].of_argument;
    out.args_in_wire_form(std::string_view(wire_).substr(begin, end - begin));
  }

 private:
  static constexpr std::size_t kLineEnd = 2;
  struct End {
    std::size_t of_argument;
    std::size_t bytes_of_name;
  };

  std::string wire_;
  std::vector<End> ends_;
};

}  // namespace redkeep::recovery
