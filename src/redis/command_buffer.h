#pragma once
// Redis commands in their wire form (RESP2 arrays of bulk strings), built in place. Pure.
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace redkeep::redis {

class CommandBuffer {
 public:
  /// One whole command.
  void add(std::initializer_list<std::string_view> arguments) {
    begin(arguments.size());
    for (const auto argument : arguments) arg(argument);
  }
  void add(std::span<const std::string> arguments) {
    begin(arguments.size());
    for (const auto& argument : arguments) arg(argument);
  }

  /// Starts a command of exactly `arguments` arguments (its name included), to be given with arg().
  void begin(std::size_t arguments) {
    ++commands_;
    append_header(wire_, '*', arguments);
  }
  void arg(std::string_view argument) { append_argument(wire_, argument); }

  /// An argument as it goes over the wire, to be kept and given to args_in_wire_form() later.
  static void append_argument(std::string& wire, std::string_view argument) {
    append_header(wire, '$', argument.size());
    wire += argument;
    wire += "\r\n";
  }
  void args_in_wire_form(std::string_view arguments) { wire_ += arguments; }

  /// Appends the commands of another buffer.
  void append(const CommandBuffer& other) {
    wire_ += other.wire_;
    commands_ += other.commands_;
  }

  std::size_t commands() const { return commands_; }
  std::size_t bytes() const { return wire_.size(); }
  bool empty() const { return commands_ == 0; }
  std::string_view wire() const { return wire_; }
  void clear() {
    wire_.clear();
    commands_ = 0;
  }

 private:
  static void append_header(std::string& wire, char kind, std::size_t count) {
    char line[32];
    line[0] = kind;
    char* end = std::to_chars(line + 1, line + sizeof line - 2, count).ptr;
    *end++ = '\r';
    *end++ = '\n';
    wire.append(line, end);
  }

  std::string wire_;
  std::size_t commands_ = 0;
};

}  // namespace redkeep::redis
