#pragma once
// Result<T>: a value, or an Error that says what the caller may do (kind) and what happened
// (message).
//
// Normal ends of an operation (nothing left to shed, target reached) are outcomes with names, not
// errors. An Error's message is one sentence that names the key, the file and line, or the setting;
// it never contains a password.
#include <string>
#include <utility>
#include <variant>

namespace redkeep {

/// What the caller may do about an error.
enum class ErrorKind {
  InvalidInput,    ///< Bad argument, file or configuration: fix the input. Nothing was changed.
  NotFound,        ///< The thing asked for does not exist.
  Conflict,        ///< It contradicts what is stored already: decide which one is right.
  Refused,         ///< Refused because it would be unsafe: the message says what would allow it.
  Unreachable,     ///< No connection to the server: retry later.
  UnknownOutcome,  ///< The connection broke after sending: it may or may not have been applied.
  ServerBusy,      ///< The server answers but does not serve (LOADING, BUSY, MISCONF): wait.
  NotPermitted,    ///< The server does not allow this command or user: change the permissions.
  OutOfMemory,     ///< The server answered OOM: make room, then retry.
  Protocol,        ///< The server said something that is not RESP, or answered the wrong shape.
  Io,              ///< The operating system refused a file or process operation.
  Interrupted,     ///< Stopped on request, before the end.
};

struct Error {
  ErrorKind kind;
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// The value; the program aborts if there is none.
  T& value() & noexcept { return std::get<0>(state_); }
  const T& value() const& noexcept { return std::get<0>(state_); }
  T&& value() && noexcept { return std::get<0>(std::move(state_)); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  /// The error; the program aborts if there is none.
  const Error& error() const noexcept { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const Error& error() const noexcept { return std::get<1>(state_); }

 private:
  std::variant<std::monostate, Error> state_;
};

/// What an operation without a value returns.
using Status = Result<void>;

}  // namespace redkeep
