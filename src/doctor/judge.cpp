#include "doctor/judge.h"

#include <algorithm>
#include <map>

#include "doctor/judge_parts.h"
#include "error/error.h"

namespace redkeep::doctor {
namespace {

bool is_config_set(const Mend& mend) {
  return mend.tool == Mend::Tool::Redis && mend.words.size() == 4 && mend.words[0] == "CONFIG";
}

// Where the server takes no CONFIG, a command that needs it mends nothing.
void advise_instead_of_config(Finding& finding) {
  std::string settings;
  for (const auto& mend : finding.mend) {
    if (!is_config_set(mend)) continue;
    settings +=
        fmt::format("{}{} = {}", settings.empty() ? "" : ", ", mend.words[2], mend.words[3]);
  }
  if (settings.empty()) return;
  std::erase_if(finding.mend, is_config_set);
  finding.advice += fmt::format(
      "{}set {} where the service keeps its settings (parameter group, console): CONFIG is refused",
      finding.advice.empty() ? "" : "; ", settings);
}

// CONFIG SET alone is forgotten at the next start. An append-only file that was turned on is not
// even read then.
void keep_config(bool has_file, Finding& finding) {
  if (std::none_of(finding.mend.begin(), finding.mend.end(), is_config_set)) return;
  if (has_file) {
    finding.mend.push_back(redis_command({"CONFIG", "REWRITE"}));
    return;
  }
  finding.advice += fmt::format(
      "{}there is no configuration file, so this lasts until the server's next start: give it what "
      "is set here in its start command, too",
      finding.advice.empty() ? "" : "; ");
}

bool config_is_refused(const ServerReading& reading) {
  return std::any_of(reading.refusals.begin(), reading.refusals.end(), [](const Refusal& refusal) {
    return refusal.feature == "settings" ||
           (refusal.command == "config|set" && refusal.kind == Refusal::Kind::UnknownCommand);
  });
}

// Two findings may each want a setting to be another: the worse one has it, the other one says so.
void set_each_setting_once(Findings& found) {
  std::map<std::string, std::string> set_by;
  for (auto& finding : found) {
    std::erase_if(finding.mend, [&](const Mend& mend) {
      if (!is_config_set(mend)) return false;
      const auto [first, is_first] = set_by.emplace(mend.words[2], finding.name);
      if (is_first || first->second == finding.name) return false;
      finding.advice += fmt::format("{}{}: as {} has it", finding.advice.empty() ? "" : "; ",
                                    mend.words[2], first->second);
      return true;
    });
  }
}

bool writes_keys(const Mend& mend) {
  if (mend.words.empty()) return false;
  const std::string& first = mend.words.front();
  return mend.tool == Mend::Tool::Redkeep ? first == "audit" || first == "shed" : first == "UNLINK";
}

// A replica takes no writes: what changes keys is said for its master.
void direct_to_master(const redis::ServerInfo& info, Finding& finding) {
  const auto host = info.text("master_host");
  const auto port = info.count("master_port").value_or(0);
  const bool is_known = host && !host->empty() && port > 0 && port <= 65535;
  for (auto& mend : finding.mend) {
    if (!writes_keys(mend) || !is_known) continue;
    mend.host = printable(*host);
    mend.port = static_cast<std::uint16_t>(port);
  }
  if (!is_known && std::erase_if(finding.mend, writes_keys) > 0) {
    finding.advice += fmt::format("{}ask its master, which it does not name, with redkeep doctor",
                                  finding.advice.empty() ? "" : "; ");
  }
}

Finding loading(const ServerReading& reading) {
  return {"loading", Severity::Warning,
          fmt::format("the server is loading its data, {} % done, about {} s left: it answers "
                      "nothing else, and nothing else was judged",
                      reading.info.text("loading_loaded_perc").value_or("?"),
                      reading.info.text("loading_eta_seconds").value_or("?")),
          "wait, and ask again"};
}

Finding busy() {
  return {"busy-script",
          Severity::Critical,
          "a script has been running for so long that the server serves nobody; nothing else was "
          "judged",
          "a script that has written cannot be killed: then wait",
          {redis_command({"SCRIPT", "KILL"})}};
}

// What a master would be told: nothing is wrong yet, and a promotion is no time to set it.
void judge_once_promoted(const Case& patient, Findings& found) {
  Findings later;
  judge_limit(patient, later);
  judge_policy(patient, later);
  Finding note{"once-promoted", Severity::Note};
  std::string names;
  for (auto& finding : later) {
    if (finding.name.starts_with("above-") || finding.name == "policy-finds-nothing") continue;
    names += (names.empty() ? "" : ", ") + finding.name;
    for (auto& mend : finding.mend) {
      const bool is_set = std::any_of(note.mend.begin(), note.mend.end(), [&](const Mend& set) {
        return is_config_set(mend) && set.words[2] == mend.words[2];
      });
      if (is_config_set(mend) && !is_set) note.mend.push_back(std::move(mend));
    }
  }
  if (names.empty()) return;
  note.evidence = fmt::format(
      "as a replica it keeps to no maxmemory and evicts nothing; only once it is promoted there "
      "are: {}",
      names);
  note.advice = "set it as its master has it, in time";
  found.push_back(std::move(note));
}

// "config|set", as ACL has it.
std::string acl_name(const Mend& mend) {
  std::string name = mend.words.front();
  const bool has_subcommand = name == "CONFIG" || name == "MEMORY";
  if (has_subcommand && mend.words.size() > 1) name += '|' + mend.words[1];
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

// A command that this user may not run is an administrator's.
void leave_to_administrator(const ServerReading& reading, Finding& finding) {
  bool is_any = false;
  for (auto& mend : finding.mend) {
    if (mend.tool != Mend::Tool::Redis || mend.user) continue;
    const bool is_refused =
        std::any_of(reading.refusals.begin(), reading.refusals.end(), [&](const Refusal& refusal) {
          return refusal.kind != Refusal::Kind::UnknownCommand && refusal.command == acl_name(mend);
        });
    if (!is_refused) continue;
    mend.user = administrator_above(reading.user);
    is_any = true;
  }
  if (!is_any) return;
  finding.advice += fmt::format(
      "{}{} may not do this: an administrator of the server does, with a password of his own in "
      "REDISCLI_AUTH",
      finding.advice.empty() ? "" : "; ", reading.user);
}

void finish(const ServerReading& reading, Findings& found) {
  std::stable_sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
    return static_cast<int>(a.severity) > static_cast<int>(b.severity);
  });
  set_each_setting_once(found);
  const bool is_replica = reading.info.text("role").value_or("master") != "master";
  // Where the server does not tell, nothing is said of it.
  const auto file = reading.info.text("config_file");
  for (auto& finding : found) {
    if (is_replica) direct_to_master(reading.info, finding);
    if (config_is_refused(reading)) {
      advise_instead_of_config(finding);
    } else if (file) {
      keep_config(!file->empty(), finding);
    }
    leave_to_administrator(reading, finding);
  }
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::Note: return "note";
    case Severity::Warning: return "warning";
    case Severity::Critical: return "critical";
  }
  return "unknown";
}

Mend config_set(std::string setting, std::string value) {
  return redis_command({"CONFIG", "SET", std::move(setting), std::move(value)});
}
Mend redis_command(std::vector<std::string> words) {
  return Mend{Mend::Tool::Redis, std::move(words)};
}
Mend redkeep_command(std::vector<std::string> words) {
  return Mend{Mend::Tool::Redkeep, std::move(words)};
}

std::string in_mebibytes(std::int64_t bytes) {
  return fmt::format("{}mb", std::max<std::int64_t>(1, bytes >> 20));
}

std::vector<Finding> judge(const ServerReading& reading, const keys::ClassTable& table,
                           const JudgeOptions& options) {
  if (reading.is_busy) return {busy()};
  Findings found;
  if (reading.is_loading()) return {loading(reading)};
  auto memory = pressure::read_memory(reading.info, options.pressure.limit_bytes, options.database);
  if (memory) {
    const Case patient{reading, table, options, std::move(*memory),
                       reading.info.count("total_system_memory").value_or(0)};
    if (patient.ignores_limit()) {
      judge_once_promoted(patient, found);
    } else {
      judge_limit(patient, found);
      judge_policy(patient, found);
    }
    judge_memory_use(patient, found);
    judge_persistence(patient, found);
    judge_replication(patient, found);
    judge_keys(patient, found);
    judge_forecast(patient, found);
    judge_version(patient, found);
  }
  judge_permissions(reading, options.prefix, found);
  finish(reading, found);
  return found;
}

bool has_problems(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity != Severity::Note; });
}

}  // namespace redkeep::doctor
