#include "recovery/journal/change_protocol.h"

#include <array>

#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::recovery {
namespace {

constexpr const char* kGreeting = "redkeep";
constexpr const char* kVersion = "1";
constexpr const char* kCheckpoint = "checkpoint";
constexpr const char* kApplied = "applied";
constexpr const char* kJournaled = "journaled";
constexpr const char* kFailed = "failed";

struct KindName {
  ErrorKind kind;
  const char* name;
};
constexpr std::array kKindNames{
    KindName{ErrorKind::InvalidInput, "invalid_input"},
    KindName{ErrorKind::NotFound, "not_found"},
    KindName{ErrorKind::Conflict, "conflict"},
    KindName{ErrorKind::Refused, "refused"},
    KindName{ErrorKind::Unreachable, "unreachable"},
    KindName{ErrorKind::UnknownOutcome, "unknown_outcome"},
    KindName{ErrorKind::ServerBusy, "server_busy"},
    KindName{ErrorKind::NotPermitted, "not_permitted"},
    KindName{ErrorKind::OutOfMemory, "out_of_memory"},
    KindName{ErrorKind::Protocol, "protocol"},
    KindName{ErrorKind::Io, "io"},
    KindName{ErrorKind::Interrupted, "interrupted"},
};

const char* name_of(ErrorKind kind) {
  for (const auto& entry : kKindNames) {
    if (entry.kind == kind) return entry.name;
  }
  return "protocol";
}

std::string line_text(const JournalLine& line) {
  std::string text;
  append_line(text, line, 0);
  return text;
}

}  // namespace

std::string change_socket_path(const std::string& data_directory) {
  return data_directory + "/redkeep.sock";
}

std::string greeting_line(const std::string& prefix) {
  return line_text({kGreetingNumber, kGreeting, {kVersion, prefix}});
}

std::string request_line(std::int64_t number, const GraphChange& change) {
  JournalLine line = line_of(change);
  line.position = number;
  return line_text(line);
}

std::string checkpoint_request_line(std::int64_t number) {
  return line_text({number, kCheckpoint, {}});
}

bool is_checkpoint_request(const JournalLine& line) {
  return line.operation == kCheckpoint && line.fields.empty();
}

Result<GraphChange> requested_change(JournalLine line) {
  const std::string operation = line.operation;
  const auto fields = static_cast<std::int64_t>(line.fields.size());
  auto change = change_of(std::move(line));
  if (change) return change;
  return make_error(ErrorKind::Refused,
                    "the owner of the data directory knows no request \"{}\" with {}: use the same "
                    "version of redkeep on both sides",
                    printable(operation), sizes::print_counted(fields, "field"));
}

std::string answer_line(std::int64_t number, const Result<StoreOutcome>& outcome) {
  if (!outcome) {
    return line_text({number, kFailed, {name_of(outcome.error().kind), outcome.error().message}});
  }
  return line_text({number, *outcome == StoreOutcome::Applied ? kApplied : kJournaled, {}});
}

std::optional<JournalLine> parse_protocol_line(std::string_view line) {
  if (!crc_of_line(line, 0).agrees()) return std::nullopt;
  return parse_line(line);
}

Status check_greeting(const JournalLine& line, const std::string& prefix) {
  if (line.operation != kGreeting || line.fields.size() != 2 || line.fields[0] != kVersion) {
    return make_error(ErrorKind::Refused,
                      "the owner of the data directory speaks another version: use the same one");
  }
  if (line.fields[1] == prefix) return {};
  return make_error(ErrorKind::Refused,
                    "the owner of the data directory writes keys with the prefix \"{}\", and this "
                    "program is configured with \"{}\"",
                    printable(prefix), printable(line.fields[1]));
}

Result<StoreOutcome> outcome_of(const JournalLine& answer) {
  if (answer.operation == kApplied) return StoreOutcome::Applied;
  if (answer.operation == kJournaled) return StoreOutcome::Journaled;
  if (answer.operation == kFailed && answer.fields.size() == 2) {
    for (const auto& entry : kKindNames) {
      if (answer.fields[0] == entry.name) return Error{entry.kind, answer.fields[1]};
    }
  }
  return make_error(ErrorKind::Protocol,
                    "the owner of the data directory answered \"{}\", which makes no sense here",
                    printable(answer.operation));
}

}  // namespace redkeep::recovery
