// Whether what is in memory outlives the server: snapshots, append-only file, forks and replicas.
#include <algorithm>
#include <charconv>

#include "doctor/judge_parts.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::doctor {
namespace {

constexpr std::int64_t kMostLagSeconds = 10;
constexpr std::int64_t kMostLagBytes = std::int64_t{16} << 20;
constexpr std::int64_t kMostSilenceSeconds = 30;
// A fork shares memory until it is written: at worst all of it is there twice.
constexpr std::int64_t kForkFactor = 2;

void judge_off(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto save = patient.reading.setting("save");
  // Where CONFIG is refused the snapshots are the service's own, and not for us to see.
  if (!save || !save->empty() || info.count("aof_enabled").value_or(1) != 0) return;
  const auto replicas = info.count("connected_slaves").value_or(0);
  Finding finding;
  finding.name = "persistence-off";
  finding.severity = replicas > 0 ? Severity::Critical : Severity::Warning;
  finding.evidence =
      "neither snapshots nor an append-only file: a restart loses everything that is not in the "
      "content directory or a journal";
  if (replicas > 0) {
    finding.evidence +=
        fmt::format("; and its {} {} the empty server", sizes::print_counted(replicas, "replica"),
                    sizes::by_count(replicas, "copies", "copy"));
  }
  finding.mend = {config_set("appendonly", "yes")};
  found.push_back(std::move(finding));
}

void judge_failing(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  if (info.text("rdb_last_bgsave_status").value_or("ok") != "ok") {
    Finding finding;
    finding.name = "snapshot-failing";
    finding.severity = Severity::Critical;
    finding.evidence =
        fmt::format("the last snapshot failed, {} changes are in no snapshot{}",
                    info.text("rdb_changes_since_last_save").value_or("?"),
                    patient.reading.setting("stop-writes-on-bgsave-error") == "no"
                        ? ""
                        : "; writes are refused (MISCONF) while snapshots are configured and fail");
    finding.advice = "the server's log says why: mostly a full disk, or no memory to fork";
    finding.mend = {redis_command({"BGSAVE"})};
    found.push_back(std::move(finding));
  }
  const bool write_fails = info.text("aof_last_write_status").value_or("ok") != "ok";
  const bool rewrite_fails = info.text("aof_last_bgrewrite_status").value_or("ok") != "ok";
  if (!write_fails && !rewrite_fails) return;
  Finding finding;
  finding.name = "append-only-failing";
  finding.severity = Severity::Critical;
  finding.evidence = write_fails ? "the last write to the append-only file failed: what is written "
                                   "now would not outlive a restart"
                                 : "the append-only file could not be rewritten: it grows on";
  finding.advice = "the server's log says why: mostly a full disk";
  finding.mend = {redis_command({"BGREWRITEAOF"})};
  found.push_back(std::move(finding));
}

bool forks(const Case& patient) {
  const redis::ServerInfo& info = patient.reading.info;
  return !patient.reading.setting("save").value_or("").empty() ||
         info.count("aof_enabled").value_or(0) == 1 ||
         info.count("connected_slaves").value_or(0) > 0;
}

void judge_fork(const Case& patient, Findings& found) {
  const std::int64_t machine = patient.system_bytes;
  const std::int64_t full = std::max(patient.memory.limit_bytes, patient.memory.used_bytes);
  if (machine <= 0 || !forks(patient) || full <= machine / kForkFactor) return;
  const bool now = patient.memory.used_bytes > machine / kForkFactor;
  Finding finding;
  finding.name = "fork-headroom";
  finding.severity = Severity::Warning;
  finding.evidence = fmt::format(
      "a snapshot or rewrite forks, and while everything is written anew memory is needed twice: "
      "{} "
      "({}) of {}; the last one copied {}",
      sizes::print_bytes(kForkFactor * full), now ? "as it is" : "when the limit is reached",
      sizes::print_bytes(machine),
      sizes::print_bytes(std::max(patient.reading.info.count("rdb_last_cow_size").value_or(0),
                                  patient.reading.info.count("aof_last_cow_size").value_or(0))));
  if (now) {
    finding.advice = "more memory for the machine, or snapshots of a replica on another one";
  } else {
    finding.advice =
        "where little is written while it forks, less is needed; or snapshots of a replica";
    finding.mend = {config_set("maxmemory", in_mebibytes(machine / kForkFactor))};
  }
  found.push_back(std::move(finding));
}

// "ip=127.0.0.1,port=6380,state=online,offset=98,lag=1": the value of one name.
std::string_view part_of(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view part = list.substr(0, comma);
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name) {
      return part.substr(equals + 1);
    }
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return {};
}

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string master_of(const redis::ServerInfo& info) {
  return fmt::format("{}:{}", info.text("master_host").value_or("?"),
                     info.text("master_port").value_or("?"));
}

void judge_replica(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  Finding note;
  note.name = "is-replica";
  note.severity = Severity::Note;
  note.evidence =
      fmt::format("this server is a replica of {}: nothing is shed or mended here, only watched",
                  master_of(info));
  note.advice = "point --url at the master";
  found.push_back(std::move(note));
  const auto silence = info.count("master_last_io_seconds_ago").value_or(0);
  if (info.text("master_link_status").value_or("up") != "up") {
    Finding finding;
    finding.name = "replica-link-down";
    finding.severity = Severity::Critical;
    finding.evidence =
        fmt::format("the link to the master {} is down for {} s: what is read here is old",
                    master_of(info), info.text("master_link_down_since_seconds").value_or("?"));
    finding.advice = "see whether the master runs, and whether masterauth is right";
    finding.mend = {redis_command({"INFO", "replication"})};
    found.push_back(std::move(finding));
  } else if (silence > kMostSilenceSeconds) {
    Finding finding;
    finding.name = "replica-lagging";
    finding.severity = Severity::Warning;
    finding.evidence =
        fmt::format("nothing came from the master {} for {} s", master_of(info), silence);
    found.push_back(std::move(finding));
  }
  if (info.text("slave_read_only").value_or("1") != "0") return;
  Finding finding;
  finding.name = "replica-writable";
  finding.severity = Severity::Warning;
  finding.evidence =
      "this replica takes writes: they are nowhere else, and gone with the next full copy";
  finding.mend = {config_set("replica-read-only", "yes")};
  found.push_back(std::move(finding));
}

void judge_replicas(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto offset = info.count("master_repl_offset").value_or(0);
  std::string behind;
  for (int number = 0; number < 64; ++number) {
    const auto line = info.text(fmt::format("slave{}", number));
    if (!line) break;
    const auto lag = number_in(part_of(*line, "lag"));
    const auto bytes = offset - number_in(part_of(*line, "offset"));
    const auto state = part_of(*line, "state");
    if (state == "online" && lag <= kMostLagSeconds && bytes <= kMostLagBytes) continue;
    behind += fmt::format("{}{}:{} ({}, {} and {} s behind)", behind.empty() ? "" : ", ",
                          part_of(*line, "ip"), part_of(*line, "port"), state,
                          sizes::print_bytes(std::max<std::int64_t>(0, bytes)), lag);
  }
  if (behind.empty()) return;
  Finding finding;
  finding.name = "replica-lagging";
  finding.severity = Severity::Warning;
  finding.evidence =
      fmt::format("replicas that do not keep up: {}: a failover now would lose that", behind);
  finding.advice = "see what holds them up: their disk, their network, a full copy under way";
  found.push_back(std::move(finding));
}

}  // namespace

void judge_persistence(const Case& patient, Findings& found) {
  judge_off(patient, found);
  judge_failing(patient, found);
  // Where the limit is beyond the machine, that is said, and mending it mends this too.
  const bool said = std::any_of(found.begin(), found.end(), [](const Finding& finding) {
    return finding.name == "limit-above-machine";
  });
  if (!said) judge_fork(patient, found);
}

void judge_replication(const Case& patient, Findings& found) {
  const auto role = patient.reading.info.text("role").value_or("master");
  if (role != "master") return judge_replica(patient, found);
  judge_replicas(patient, found);
}

}  // namespace redkeep::doctor
