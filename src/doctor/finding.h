#pragma once
// What the doctor has to say: one thing that is wrong, why it is believed, and how it is mended.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::doctor {

enum class Severity {
  Note,     ///< Worth knowing; nothing is wrong.
  Warning,  ///< Will hurt, or hurts already a little.
  Critical  ///< Data may be lost, or the server does not do its work.
};
std::string_view to_string(Severity severity);

/// One command that mends something.
struct Mend {
  enum class Tool { Redis, Redkeep };
  Tool tool = Tool::Redis;
  std::vector<std::string> words{};  ///< Without the tool's own name; not quoted for a shell yet.
  /// Where it has to be run if not at the server that was looked at; empty: there.
  std::string host{};
  std::uint16_t port = 0;
  /// As whom if not as the user who asked; "" is the server's default user.
  std::optional<std::string> user{};
};

struct Finding {
  std::string name;  ///< "no-limit": stable, for scripts. The list is in docs/doctor.md.
  Severity severity = Severity::Note;
  std::string evidence{};    ///< One sentence with the numbers that were read; fit to be shown.
  std::string advice{};      ///< What to do where no command does all of it; may be empty.
  std::vector<Mend> mend{};  ///< In this order. None where no command mends it: see `advice`.
};

/// {"CONFIG", "SET", setting, value}.
Mend config_set(std::string setting, std::string value);
Mend redis_command(std::vector<std::string> words);
Mend redkeep_command(std::vector<std::string> words);

}  // namespace redkeep::doctor
