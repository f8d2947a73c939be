// redkeep store FILE...: rows of entities and associations, stored and acknowledged.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/change_access.h"
#include "app/change_report.h"
#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/load_report.h"
#include "app/print_error.h"
#include "app/progress_line.h"
#include "app/spooled_input.h"
#include "error/error.h"
#include "recovery/csv/record_file.h"
#include "redis/beside.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;
using recovery::RecordFile;

struct StoreFlags {
  std::vector<std::string> files;
  ChangeFlags how;
};

// What is to be stored, read and checked to its end.
struct RowsToStore {
  std::vector<RecordFile> files;
  std::vector<SpooledInput> spooled;  // what some of the files are read from
  recovery::ContentProblems problems;
  std::int64_t rows = 0;
};

// A pipe cannot be read twice.
bool has_to_be_spooled(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 &&
         (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode));
}

Result<SpooledInput> spool(const std::string& path, const std::stop_token& stop) {
  if (path == "-") return SpooledInput::read(STDIN_FILENO, stop);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return make_error(ErrorKind::Io, "cannot open {}: {}", printable(path), system_reason(errno));
  }
  auto spooled = SpooledInput::read(descriptor, stop);
  ::close(descriptor);
  return spooled;
}

Result<RecordFile> open_rows(const std::string& name, RowsToStore& rows,
                             const std::stop_token& stop) {
  if (name != "-" && !has_to_be_spooled(name)) return RecordFile::look_at(name, name);
  auto spooled = spool(name, stop);
  if (!spooled) return spooled.error();
  rows.spooled.push_back(std::move(*spooled));
  return RecordFile::look_at(rows.spooled.back().path(), name == "-" ? "standard input" : name);
}

// A header that is wrong is a problem like a row; a file that is not there is wrong usage.
Result<RowsToStore> check_rows_to_store(const std::vector<std::string>& names,
                                        const std::stop_token& stop) {
  RowsToStore rows;
  for (const auto& name : names) {
    auto file = open_rows(name, rows, stop);
    if (!file && file.error().kind == ErrorKind::InvalidInput) {
      rows.problems.add(file.error().message);
      continue;
    }
    if (!file && file.error().kind == ErrorKind::NotFound) {
      return Error{ErrorKind::InvalidInput, file.error().message};
    }
    if (!file) return file.error();
    const auto count = file->check(rows.problems, stop);
    if (!count) return count.error();
    rows.rows += *count;
    rows.files.push_back(std::move(*file));
  }
  return rows;
}

class StoreRun {
 public:
  StoreRun(asio::any_io_executor executor, MemoryManager& manager, const RowsToStore& rows,
           std::stop_token stop)
      : manager_(manager),
        rows_(rows),
        stop_(std::move(stop)),
        changes_(executor, GraphChanges::Refusals::EndIt) {}

  // Entities before associations, which need their ends.
  asio::awaitable<ChangeReport> run() {
    for (const auto form : {RecordFile::Form::Entities, RecordFile::Form::Associations}) {
      for (const auto& file : rows_.files) {
        if (file.form() == form && !changes_.tally().stopped_by) co_await store(file);
      }
      co_await changes_.finish();
    }
    ChangeReport report;
    report.tally = std::move(changes_.tally());
    report.not_begun = rows_.rows - begun_;
    co_return report;
  }

 private:
  asio::awaitable<void> store(const RecordFile& file) {
    auto& ended_by = changes_.tally().stopped_by;
    auto rows = recovery::RecordRows::open(file);
    if (!rows) ended_by = rows.error();
    while (!ended_by) {
      if (stop_.stop_requested()) {
        ended_by = interrupted();
        break;
      }
      auto work = file.form() == RecordFile::Form::Entities ? store_entity(*rows)
                                                            : store_association(*rows);
      const auto goes_on = co_await std::move(work);
      if (!goes_on) ended_by = goes_on.error();
      if (!goes_on || !*goes_on) break;
      ++begun_;
      line_.show("storing", begun_, static_cast<double>(begun_) / static_cast<double>(rows_.rows));
    }
  }

  // False: there was no further row, or it was not begun.
  asio::awaitable<Result<bool>> store_entity(recovery::RecordRows& rows) {
    auto entity = rows.next_entity();
    if (!entity) co_return entity.error();
    if (!*entity) co_return false;
    std::string name = (*entity)->id;
    GraphChanges::Change change = [this, record = std::move(**entity)] {
      return manager_.store_entity(record);
    };
    co_return co_await changes_.begin(std::move(name), std::move(change));
  }

  asio::awaitable<Result<bool>> store_association(recovery::RecordRows& rows) {
    auto association = rows.next_association();
    if (!association) co_return association.error();
    if (!*association) co_return false;
    std::string name = (*association)->path;
    GraphChanges::Change change = [this, record = std::move(**association)] {
      return manager_.store_association(record);
    };
    co_return co_await changes_.begin(std::move(name), std::move(change));
  }

  MemoryManager& manager_;
  const RowsToStore& rows_;
  std::stop_token stop_;
  GraphChanges changes_;
  std::int64_t begun_ = 0;
  ProgressLine line_{"rows"};
};

asio::awaitable<int> run_store(const Settings& settings, const StoreFlags& flags,
                               std::stop_token stop) {
  const auto check = [&] { return check_rows_to_store(flags.files, stop); };
  const auto rows = co_await redis::beside(check);
  if (!rows) co_return fail(rows.error());
  print_problems(rows->problems);
  if (rows->problems.count > 0) {
    print_error("redkeep: {}: nothing was stored\n",
                sizes::print_counted(rows->problems.count, "bad row"));
    co_return static_cast<int>(ExitCode::ProblemsFound);
  }
  const auto manager = co_await open_for_changes(settings.options, flags.how.despite_journal, stop);
  if (!manager) co_return fail(manager.error());
  const auto executor = co_await asio::this_coro::executor;
  const auto begun = std::chrono::steady_clock::now();
  ChangeReport report;
  {
    StoreRun run(executor, **manager, *rows, std::move(stop));
    report = co_await run.run();
  }
  co_return tell_changes(std::move(report), settings.options, begun, flags.how.json);
}

}  // namespace

void register_store(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "store",
      "Store entities and associations, each acknowledged when it is in the journal and in Redis.\n"
      "A file has rows in the form of entities.csv or of associations.csv; - is standard input\n"
      "Example: redkeep store new.csv --data /var/lib/redkeep --url redis://127.0.0.1:6390");
  const auto flags = std::make_shared<StoreFlags>();
  add_connection_flags(*command, line.flags);
  command->add_option("files", flags->files, "The files; - is standard input")->required();
  add_change_flags(*command, line, flags->how);
  run_with_settings(line, *command, [flags](const Settings& settings, std::stop_token stop) {
    return run_store(settings, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
