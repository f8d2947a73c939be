// Whether what is in memory outlives the server: snapshots, append-only file, forks and replicas.
#include <algorithm>
#include <charconv>

#include "doctor/judge_parts.h"
#include "doctor/limit_advice.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::doctor {
namespace {

constexpr std::int64_t kMostLagSeconds = 10;
constexpr std::int64_t kMostLagBytes = std::int64_t{16} << 20;
constexpr std::int64_t kMostSilenceSeconds = 30;

// Whether the limit lets the server grow beyond what leaves room for a fork, and may be lowered.
bool limit_is_to_leave_room(const Case& patient) {
  const std::int64_t room = largest_limit_with_fork(patient);
  return room > 0 && patient.memory.limit_bytes > room && least_limit(patient) <= room;
}

Mend limit_that_leaves_room(const Case& patient) {
  return config_set("maxmemory", in_mebibytes(largest_limit_with_fork(patient)));
}

void judge_off(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto save = patient.reading.setting("save");
  // Where CONFIG is refused the snapshots are the service's own, and not for us to see.
  if (!save || !save->empty() || info.count("aof_enabled").value_or(1) != 0) return;
  const auto replicas = info.count("connected_slaves").value_or(0);
  Finding finding{
      "persistence-off", replicas > 0 ? Severity::Critical : Severity::Warning,
      "neither snapshots nor an append-only file: a restart loses everything that is not in the "
      "content directory or a journal"};
  if (replicas > 0) {
    finding.evidence +=
        fmt::format("; and its {} {} the empty server", sizes::print_counted(replicas, "replica"),
                    sizes::by_count(replicas, "copies", "copy"));
  }
  finding.mend = {config_set("appendonly", "yes")};
  // Who keeps a file forks, and needs room for it from then on.
  if (limit_is_to_leave_room(patient)) finding.mend.push_back(limit_that_leaves_room(patient));
  found.push_back(std::move(finding));
}

void judge_failing(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  if (info.text("rdb_last_bgsave_status").value_or("ok") != "ok") {
    found.push_back(
        {"snapshot-failing",
         Severity::Critical,
         fmt::format("the last snapshot failed, {} changes are in no snapshot{}",
                     info.text("rdb_changes_since_last_save").value_or("?"),
                     patient.reading.setting("stop-writes-on-bgsave-error") == "no"
                         ? ""
                         : "; writes are refused (MISCONF) while snapshots are configured and "
                           "fail"),
         "the server's log says why: mostly a full disk, or no memory to fork",
         {redis_command({"BGSAVE"})}});
  }
  const bool write_fails = info.text("aof_last_write_status").value_or("ok") != "ok";
  const bool rewrite_fails = info.text("aof_last_bgrewrite_status").value_or("ok") != "ok";
  if (!write_fails && !rewrite_fails) return;
  std::string evidence = "the append-only file could not be rewritten: it grows on";
  if (write_fails) {
    evidence =
        "the last write to the append-only file failed: what is written now would not outlive a "
        "restart";
  } else if (!pressure::read_persistence(info).has_file) {
    evidence =
        "the first append-only file could not be written: nothing is on the disk, and all that is "
        "in memory would be lost with a restart";
  }
  found.push_back({"append-only-failing",
                   Severity::Critical,
                   std::move(evidence),
                   "the server's log says why: mostly a full disk",
                   {redis_command({"BGREWRITEAOF"})}});
}

bool forks(const Case& patient) {
  const redis::ServerInfo& info = patient.reading.info;
  return !patient.reading.setting("save").value_or("").empty() ||
         info.count("aof_enabled").value_or(0) == 1 ||
         info.count("connected_slaves").value_or(0) > 0;
}

void judge_fork(const Case& patient, Findings& found) {
  const std::int64_t room = largest_limit_with_fork(patient);
  const std::int64_t full = std::max(patient.memory.limit_bytes, patient.memory.used_bytes);
  if (room <= 0 || !forks(patient) || full <= room) return;
  const redis::ServerInfo& info = patient.reading.info;
  const bool now = patient.memory.used_bytes > room;
  Finding finding{
      "fork-headroom", Severity::Warning,
      fmt::format("a snapshot or rewrite forks, and while everything is written anew memory is "
                  "needed twice: {} ({}) of {}; the last one copied {}",
                  sizes::print_bytes(2 * full), now ? "as it is" : "when the limit is reached",
                  sizes::print_bytes(patient.system_bytes),
                  sizes::print_bytes(std::max(info.count("rdb_last_cow_size").value_or(0),
                                              info.count("aof_last_cow_size").value_or(0))))};
  if (limit_is_to_leave_room(patient)) {
    finding.advice =
        "where little is written while it forks, less is needed; or snapshots of a replica";
    finding.mend = {limit_that_leaves_room(patient)};
  } else {
    finding.advice = "more memory for the machine, or snapshots of a replica on another one";
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

// The link was never up, and the master has answered and prepares or sends the first copy.
bool is_in_first_sync(const ServerReading& reading) {
  return reading.info.text("master_link_down_since_seconds").value_or("").starts_with('-') &&
         (reading.info.count("master_sync_in_progress").value_or(0) == 1 ||
          reading.link_state == "handshake" || reading.link_state == "sync");
}

void judge_link(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto silence = info.count("master_last_io_seconds_ago").value_or(0);
  if (info.text("master_link_status").value_or("up") == "up") {
    if (silence <= kMostSilenceSeconds) return;
    found.push_back(
        {"replica-lagging", Severity::Warning,
         fmt::format("nothing came from the master {} for {} s", master_of(info), silence)});
  } else if (is_in_first_sync(patient.reading)) {
    found.push_back({"first-sync", Severity::Note,
                     fmt::format("first sync under way: the data of the master {} is on its way, "
                                 "and not all of it is here",
                                 master_of(info)),
                     "wait, and ask again"});
  } else {
    const auto down = info.text("master_link_down_since_seconds").value_or("?");
    found.push_back(
        {"replica-link-down", Severity::Critical,
         fmt::format(
             "the link to the master {} {}: what is read here is old", master_of(info),
             down.starts_with('-') ? "has not been up yet" : fmt::format("is down for {} s", down)),
         "see whether the master runs, and whether masterauth is right"});
  }
}

void judge_replica(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  found.push_back(
      {"is-replica", Severity::Note,
       fmt::format("this server is a replica of {}: nothing is shed or mended here, only watched",
                   master_of(info)),
       "point --url at the master"});
  judge_link(patient, found);
  if (info.text("slave_read_only").value_or("1") != "0") return;
  found.push_back(
      {"replica-writable",
       Severity::Warning,
       "this replica takes writes: they are nowhere else, and gone with the next full copy",
       "",
       {config_set("replica-read-only", "yes")}});
}

void add_to(std::string& list, std::string_view one) {
  list += list.empty() ? "" : ", ";
  list += one;
}

void judge_replicas(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto offset = info.count("master_repl_offset").value_or(0);
  std::string behind;
  std::string copied;
  for (int number = 0; number < 64; ++number) {
    const auto line = info.text(fmt::format("slave{}", number));
    if (!line) break;
    const auto lag = number_in(part_of(*line, "lag"));
    const auto bytes = offset - number_in(part_of(*line, "offset"));
    const auto state = part_of(*line, "state");
    if (state == "online" && lag <= kMostLagSeconds && bytes <= kMostLagBytes) continue;
    const std::string name = fmt::format("{}:{}", part_of(*line, "ip"), part_of(*line, "port"));
    if (state == "wait_bgsave" || state == "send_bulk") {
      add_to(copied, fmt::format("{} ({})", name, state));
    } else {
      add_to(behind, fmt::format("{} ({}, {} and {} s behind)", name, state,
                                 sizes::print_bytes(std::max<std::int64_t>(0, bytes)), lag));
    }
  }
  if (!copied.empty()) {
    found.push_back(
        {"first-sync", Severity::Note,
         fmt::format("first sync under way, or a full one again: {}: until it is over nobody can "
                     "fail over to it",
                     copied),
         "wait, and ask again; a copy that begins again and again: a larger "
         "client-output-buffer-limit for replicas"});
  }
  if (behind.empty()) return;
  found.push_back(
      {"replica-lagging", Severity::Warning,
       fmt::format("replicas that do not keep up: {}: a failover now would lose that", behind),
       "see what holds them up: their disk, their network"});
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
