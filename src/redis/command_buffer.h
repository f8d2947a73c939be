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
    header('*', arguments);
  }
  void arg(std::string_view argument) {
    header('$', argument.size());
    wire_ += argument;
    wire_ += "\r\n";
  }

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
  void header(char kind, std::size_t count) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, count).ptr;
    wire_ += kind;
    wire_.append(digits, end);
    wire_ += "\r\n";
  }

  std::string wire_;
  std::size_t commands_ = 0;
};

}  // namespace redkeep::redis
