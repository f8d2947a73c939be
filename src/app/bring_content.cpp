#include "app/bring_content.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/load_report.h"
#include "app/progress_line.h"
#include "app/shell_words.h"
#include "census/census.h"
#include "error/error.h"
#include "recovery/load/cut_load.h"
#include "recovery/verify/server_facts.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

// What a start finds of loads and rebuilds before it.
struct CutBefore {
  std::optional<std::string> load;  // the directory
  std::optional<std::string> rebuild;
  std::int64_t position = 0;  // up to where a journal was applied
};

asio::awaitable<Result<CutBefore>> ask_what_was_cut(const Settings& settings,
                                                    std::stop_token stop) {
  const keys::KeySchema schema(settings.options.prefix);
  auto opened = co_await redis::Connection::open(settings.options.endpoint);
  if (!opened) co_return opened.error();
  const std::shared_ptr<redis::Connection> connection = std::move(*opened);
  const recovery::ShowProgress unseen;
  const auto facts = co_await recovery::ask_server_facts(connection, schema, 0, 0, stop, unseen);
  if (!facts) co_return facts.error();
  const auto load = co_await recovery::ask_cut_load(*connection, schema);
  connection->close();
  if (!load) co_return load.error();
  co_return CutBefore{*load, facts->rebuild_marker, facts->position.value_or(0)};
}

// Where nothing is there, `otherwise` is the error.
asio::awaitable<Result<std::string>> describe_content(const Settings& settings,
                                                      std::optional<Error> otherwise) {
  const auto executor = co_await asio::this_coro::executor;
  const auto client = redis::Client::create(executor, settings.options.endpoint);
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) co_return table.error();
  census::CensusOptions options;
  options.with_bytes = false;
  const auto census = co_await census::take_census(client, *table, options, {}, {});
  client->close();
  if (!census) co_return census.error();
  std::int64_t entities = 0;
  std::int64_t associations = 0;
  for (const auto& use : census->classes) {
    if (use.name == "entities") entities = use.keys;
    if (use.name == "associations") associations = use.keys;
  }
  if (entities == 0 && otherwise) co_return *otherwise;
  co_return fmt::format("{}, {}", sizes::print_counted(entities, "entity"),
                        sizes::print_counted(associations, "association"));
}

// What is there, without a word of what is missing, would be read as all of it.
asio::awaitable<Result<std::string>> describe_part(const Settings& settings, std::string said) {
  spdlog::warn("{}", said);
  const std::optional<Error> otherwise;
  const auto there = co_await describe_content(settings, otherwise);
  if (!there) co_return there.error();
  co_return fmt::format("{}, and not all of it: {}", *there, said);
}

std::string finish_by_hand(const Settings& settings, const std::string& directory) {
  return fmt::format("`redkeep load {} --merge --url {}` finishes it", shell_word(directory),
                     shell_word(redis::describe(settings.options.endpoint)));
}

Error other_content_was_cut(const Settings& settings, const std::string& cut,
                            const std::string& named) {
  return make_error(
      ErrorKind::Refused,
      "a load of {0} was cut here, and {1} is another directory: `redkeep up --data {2} --content "
      "{0}` starts with what is there and finishes that load where it can; for {1} in its place: "
      "`redkeep rebuild {1} --from-scratch` then",
      shell_word(cut), shell_word(named), shell_word(settings.options.data_directory));
}

asio::awaitable<Result<recovery::LoadOutcome>> load_with_a_line(const Settings& settings,
                                                                std::string directory,
                                                                std::stop_token stop) {
  recovery::LoadOptions options;
  options.directory = std::move(directory);
  options.finish_cut_load = true;
  options.how_to_go_on = "the next start of `redkeep up` goes on with the load";
  ProgressLine line("rows");
  const std::function<void(const recovery::LoadProgress&)> show =
      [&](const recovery::LoadProgress& progress) {
        line.show(progress.doing, progress.rows, progress.share);
      };
  auto outcome = co_await recovery::load(settings.options.endpoint, settings.options.prefix,
                                         options, stop, show);
  line.clear();
  co_return outcome;
}

// From the directory that the mark names, as long as that cannot take anything back.
asio::awaitable<Result<std::string>> finish_cut_load(const Settings& settings, CutBefore cut,
                                                     std::stop_token stop) {
  const std::string& directory = *cut.load;
  const std::string was_cut = fmt::format("a load of {} was cut here", shell_word(directory));
  const std::string by_hand = finish_by_hand(settings, directory);
  std::string why_not;
  if (cut.position > 0) {
    why_not =
        "what was stored by the journal since may be newer than the CSV, so it is not gone on with "
        "by itself";
  } else if (const auto file = recovery::EntityFile::open(directory); !file) {
    why_not = fmt::format("it cannot be finished: {}; once that is mended", file.error().message);
  }
  if (!why_not.empty()) {
    std::string said = fmt::format("{}, and {}: {}", was_cut, why_not, by_hand);
    co_return co_await describe_part(settings, std::move(said));
  }
  spdlog::warn("{}: it is gone on with", was_cut);
  const auto begun = std::chrono::steady_clock::now();
  const auto outcome = co_await load_with_a_line(settings, directory, stop);
  if (!outcome && stop.stop_requested()) co_return outcome.error();
  if (!outcome || outcome->bad_rows > 0) {
    const Error why = outcome ? not_loaded(directory, outcome->problems) : outcome.error();
    std::string said = fmt::format("{}, and it could not be finished: {}; once that is mended, {}",
                                   was_cut, why.message, by_hand);
    co_return co_await describe_part(settings, std::move(said));
  }
  co_return fmt::format("{} (a load of {} that was cut is finished)",
                        describe_load_since(*outcome, begun), shell_word(directory));
}

// What is there is guarded without the CSV, too; start() has warned of it.
asio::awaitable<Result<std::string>> load_or_leave(const Settings& settings, std::string directory,
                                                   std::stop_token stop) {
  std::optional<Error> unreadable;
  if (!directory.empty()) {
    const auto file = recovery::EntityFile::open(directory);
    if (!file) unreadable = file.error();
  }
  if (directory.empty() || unreadable) co_return co_await describe_content(settings, unreadable);
  const auto begun = std::chrono::steady_clock::now();
  const auto outcome = co_await load_with_a_line(settings, directory, stop);
  if (!outcome && outcome.error().kind == ErrorKind::Refused) {
    // Mostly because a graph is there; where none is, that it does not fit.
    const std::optional<Error> why = outcome.error();
    auto described = co_await describe_content(settings, why);
    if (!described) co_return described.error();
    co_return *described + " (as they were; `redkeep load --merge` takes changed CSV over)";
  }
  if (!outcome) co_return outcome.error();
  if (outcome->bad_rows > 0) co_return not_loaded(directory, outcome->problems);
  co_return describe_load_since(*outcome, begun);
}

}  // namespace

Error not_loaded(const std::string& directory, const recovery::ContentProblems& problems) {
  print_problems(problems);
  return make_error(ErrorKind::InvalidInput, "nothing was loaded from {}: {}", printable(directory),
                    sizes::print_counted(problems.count, "bad row"));
}

asio::awaitable<Result<std::string>> bring_content(const Settings& settings,
                                                   recovery::ContentBase base,
                                                   std::stop_token stop) {
  const auto cut = co_await ask_what_was_cut(settings, stop);
  if (!cut) co_return cut.error();
  // What a rebuild writes may have another name, and only a rebuild knows what else it has to do.
  if (cut->rebuild) {
    const std::string rebuild_was_cut =
        "a rebuild was cut here: `redkeep rebuild`, as it was called then, finishes it";
    if (cut->load) co_return co_await describe_part(settings, rebuild_was_cut);
    auto there = co_await load_or_leave(settings, base.directory, stop);
    if (!there) co_return there;
    spdlog::warn("{}", rebuild_was_cut);
    co_return fmt::format("{}; {}", *there, rebuild_was_cut);
  }
  if (!cut->load) co_return co_await load_or_leave(settings, base.directory, stop);
  const std::string& named = settings.options.content_directory;
  const bool is_named = !named.empty() && base.directory == named;  // and no checkpoint before it
  if (is_named && !recovery::is_mark_of(*cut->load, named)) {
    co_return other_content_was_cut(settings, *cut->load, named);
  }
  co_return co_await finish_cut_load(settings, *cut, stop);
}

}  // namespace redkeep::app
