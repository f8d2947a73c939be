#include "redis/reply.h"

#include <array>
#include <utility>

#include "error/error.h"

namespace redkeep::redis {
namespace {

struct KnownError {
  std::string_view start;
  ErrorKind kind;
};

// Told apart by the first word; within ERR by a closed list of texts, because those are prose.
constexpr std::array kKnownErrors{
    KnownError{"OOM", ErrorKind::OutOfMemory},
    KnownError{"ERR Out of memory", ErrorKind::OutOfMemory},  // Dragonfly has no OOM word
    KnownError{"LOADING", ErrorKind::ServerBusy},
    KnownError{"BUSY", ErrorKind::ServerBusy},
    KnownError{"MISCONF", ErrorKind::ServerBusy},
    KnownError{"NOREPLICAS", ErrorKind::ServerBusy},
    KnownError{"MASTERDOWN", ErrorKind::ServerBusy},
    KnownError{"CLUSTERDOWN", ErrorKind::ServerBusy},
    KnownError{"TRYAGAIN", ErrorKind::ServerBusy},
    KnownError{"READONLY", ErrorKind::NotPermitted},
    KnownError{"NOAUTH", ErrorKind::NotPermitted},
    KnownError{"WRONGPASS", ErrorKind::NotPermitted},
    KnownError{"NOPERM", ErrorKind::NotPermitted},
    KnownError{"DENIED", ErrorKind::NotPermitted},
    KnownError{"ERR unknown command", ErrorKind::NotPermitted},
    KnownError{"ERR unknown subcommand", ErrorKind::NotPermitted},
    KnownError{"ERR Unknown subcommand", ErrorKind::NotPermitted},
    KnownError{"ERR invalid password", ErrorKind::NotPermitted},
    KnownError{"ERR Client sent AUTH, but no password is set", ErrorKind::NotPermitted},
    KnownError{"ERR AUTH <password> called without any password", ErrorKind::NotPermitted},
    KnownError{"ERR max number of clients reached", ErrorKind::Unreachable},
    KnownError{"WRONGTYPE", ErrorKind::Conflict},
    KnownError{"BUSYKEY", ErrorKind::Conflict},
};

bool starts_as_word(std::string_view text, std::string_view start) {
  return text.starts_with(start) && (text.size() == start.size() || text[start.size()] == ' ' ||
                                     start.find(' ') != std::string_view::npos);
}

std::string_view name_of(Reply::Type type) {
  switch (type) {
    case Reply::Type::Nil: return "nil";
    case Reply::Type::Status: return "a status";
    case Reply::Type::Error: return "an error";
    case Reply::Type::Integer: return "an integer";
    case Reply::Type::String: return "a string";
    case Reply::Type::Array: return "an array";
  }
  return "something unknown";
}

}  // namespace

Error error_from_reply(std::string_view command, const Reply& reply) {
  ErrorKind kind = ErrorKind::Protocol;
  for (const auto& known : kKnownErrors) {
    if (starts_as_word(reply.text, known.start)) {
      kind = known.kind;
      break;
    }
  }
  return make_error(kind, "the server answered {} with: {}", command, printable(reply.text));
}

Error unexpected_reply(std::string_view command, const Reply& reply) {
  if (reply.is_error()) return error_from_reply(command, reply);
  return make_error(ErrorKind::Protocol,
                    "the server answered {} with {}, which makes no sense here", command,
                    name_of(reply.type));
}

}  // namespace redkeep::redis
