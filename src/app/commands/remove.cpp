// redkeep remove ID...: entities by id and associations by path, removed and acknowledged.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/change_access.h"
#include "app/change_report.h"
#include "app/command_line.h"
#include "app/exit_code.h"
#include "content/record_rules.h"
#include "error/error.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct RemoveFlags {
  std::vector<std::string> ids;
  std::vector<std::string> paths;
  ChangeFlags how;
};

// One that is not there is removed all the same, which costs nothing: what was found may be no
// longer so. With Redis away nobody can know.
asio::awaitable<Result<StoreOutcome>> remove_one_entity(MemoryManager& manager, std::string id) {
  const auto found = co_await manager.entity(id);
  const auto removed = co_await manager.remove_entity(id);
  if (removed && !found && found.error().kind == ErrorKind::NotFound) co_return found.error();
  co_return removed;
}

asio::awaitable<Result<StoreOutcome>> remove_one_association(MemoryManager& manager,
                                                             std::string path) {
  const auto found = co_await manager.association(path);
  const auto removed = co_await manager.remove_association(path);
  if (removed && !found && found.error().kind == ErrorKind::NotFound) co_return found.error();
  co_return removed;
}

class RemoveRun {
 public:
  RemoveRun(asio::any_io_executor executor, MemoryManager& manager, std::stop_token stop)
      : executor_(executor), manager_(manager), stop_(std::move(stop)) {}

  // Associations first, since an entity with children stays. One whose children are among the
  // others is tried again when they are gone.
  asio::awaitable<ChangeReport> run(std::vector<std::string> paths, std::vector<std::string> ids) {
    co_await remove_all(paths, remove_one_association);
    while (!ids.empty()) {
      const std::int64_t before = done();
      const std::size_t failures_before = report_.tally.first_failures.size();
      co_await remove_all(ids, remove_one_entity);
      ids.clear();
      if (done() > before && !report_.tally.stopped_by) ids = take_refused(failures_before);
    }
    co_return std::move(report_);
  }

 private:
  using RemoveOne = asio::awaitable<Result<StoreOutcome>> (*)(MemoryManager&, std::string);

  std::int64_t done() const { return report_.tally.applied + report_.tally.journaled; }

  asio::awaitable<void> remove_all(const std::vector<std::string>& names, RemoveOne remove_one) {
    GraphChanges changes(executor_, GraphChanges::Refusals::OfRecords);
    changes.tally() = std::move(report_.tally);
    std::size_t begun = 0;
    for (; begun < names.size(); ++begun) {
      if (stop_.stop_requested()) changes.tally().stopped_by = interrupted();
      const std::string& name = names[begun];
      GraphChanges::Change change = [this, remove_one, name] { return remove_one(manager_, name); };
      const bool goes_on = co_await changes.begin(name, std::move(change));
      if (!goes_on) break;
    }
    co_await changes.finish();
    report_.tally = std::move(changes.tally());
    report_.not_begun += static_cast<std::int64_t>(names.size() - begun);
  }

  std::vector<std::string> take_refused(std::size_t from) {
    std::vector<std::string> refused;
    auto& failures = report_.tally.first_failures;
    const auto is_other = [](const ChangeTally::Failure& failure) {
      return failure.reason.kind != ErrorKind::Refused;
    };
    const auto first = std::stable_partition(failures.begin() + static_cast<std::ptrdiff_t>(from),
                                             failures.end(), is_other);
    for (auto failure = first; failure != failures.end(); ++failure) {
      refused.push_back(std::move(failure->name));
    }
    failures.erase(first, failures.end());
    report_.tally.failed -= static_cast<std::int64_t>(refused.size());
    return refused;
  }

  asio::any_io_executor executor_;
  MemoryManager& manager_;
  std::stop_token stop_;
  ChangeReport report_;
};

// In their order, each once.
std::vector<std::string> without_repeats(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  std::set<std::string_view> seen;
  for (const auto& name : names) {
    if (seen.insert(name).second) once.push_back(name);
  }
  return once;
}

Status check_names(const RemoveFlags& flags) {
  if (flags.ids.empty() && flags.paths.empty()) {
    return make_error(ErrorKind::InvalidInput,
                      "name what is to be removed: ids of entities, or --association PATH");
  }
  for (const auto& id : flags.ids) {
    if (content::is_uuid(id)) continue;
    return make_error(ErrorKind::InvalidInput,
                      "id \"{}\" is not a UUID in lower case: nothing was removed", printable(id));
  }
  return {};
}

asio::awaitable<int> run_remove(const Settings& settings, const RemoveFlags& flags,
                                std::stop_token stop) {
  if (const Status named = check_names(flags); !named) co_return fail(named.error());
  const auto manager = co_await open_for_changes(settings.options, flags.how.despite_journal, stop);
  if (!manager) co_return fail(manager.error());
  const auto executor = co_await asio::this_coro::executor;
  const auto begun = std::chrono::steady_clock::now();
  RemoveRun run(executor, **manager, std::move(stop));
  auto paths = without_repeats(flags.paths);
  auto ids = without_repeats(flags.ids);
  ChangeReport report = co_await run.run(std::move(paths), std::move(ids));
  co_return tell_changes(std::move(report), settings.options, begun, flags.how.json);
}

}  // namespace

void register_remove(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "remove",
      "Remove entities by id, with their mappings, words and links, and associations by path; "
      "each\n"
      "acknowledged when it is in the journal and in Redis. An entity with children stays\n"
      "Example: redkeep remove 0b6f3c1e-5a0e-4a44-9d3c-2f9c5b1e7a10 --data /var/lib/redkeep");
  const auto flags = std::make_shared<RemoveFlags>();
  add_connection_flags(*command, line.flags);
  command->add_option("ids", flags->ids, "The entities");
  command
      ->add_option("--association", flags->paths,
                   "The path of an association to be removed; may be given several times")
      ->allow_extra_args(false);
  add_change_flags(*command, line, flags->how);
  run_with_settings(line, *command, [flags](const Settings& settings, std::stop_token stop) {
    return run_remove(settings, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
