// `journal_pace DIR`: acknowledged appends a second to the journal, by 64 writers and by one,
// beside plain pairs of write and fdatasync of the same size on the same disk, in turns in one run.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "recovery/journal/graph_change.h"
#include "recovery/journal/journal.h"

namespace {

using namespace redkeep;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

struct Setup {
  std::string directory;
  std::chrono::milliseconds turn{2000};
  int rounds = 5;
  int writers = 64;
  std::size_t data_bytes = 600;
};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "journal_pace: {}\n", why);
  std::exit(1);
}

recovery::JournalLine line_of_an_entity(std::size_t data_bytes) {
  Entity entity;
  entity.id = "00000000-0000-4000-8000-000000000001";
  entity.type = "page";
  entity.semantic_name = "$name";
  entity.data = R"({"title":")" + std::string(data_bytes, 'x') + R"("})";
  return recovery::line_of(entity);
}

double per_second(std::int64_t count, Clock::time_point begun) {
  return static_cast<double>(count) / std::chrono::duration<double>(Clock::now() - begun).count();
}

double plain_pairs(const Setup& setup) {
  auto line = line_of_an_entity(setup.data_bytes);
  line.position = 1'000'000;
  std::string bytes;
  recovery::append_line(bytes, line, 0);
  const std::string path = setup.directory + "/plain";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) give_up("cannot write " + path);
  std::int64_t count = 0;
  const auto begun = Clock::now();
  for (; Clock::now() - begun < setup.turn; ++count) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written != std::ssize(bytes) || ::fdatasync(file) != 0) give_up("cannot write " + path);
  }
  const double pace = per_second(count, begun);
  ::close(file);
  fs::remove(path);
  return pace;
}

double appends(const Setup& setup, int writers) {
  const std::string path = setup.directory + "/journal";
  auto journal = recovery::Journal::open(recovery::Disk::real(), path);
  if (!journal) give_up(journal.error().message);
  std::atomic<std::int64_t> count = 0;
  std::vector<std::thread> threads;
  const auto begun = Clock::now();
  for (int i = 0; i < writers; ++i) {
    threads.emplace_back([&] {
      while (Clock::now() - begun < setup.turn) {
        const auto stored = (*journal)->append_and_wait(line_of_an_entity(setup.data_bytes));
        if (!stored) give_up(stored.error().message);
        ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double pace = per_second(count, begun);
  if ((*journal)->last_position() != count) give_up("positions are missing");
  journal->reset();
  fs::remove_all(path);
  return pace;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  Setup setup;
  CLI::App parser("Acknowledged appends to the journal beside plain write and fdatasync");
  parser.add_option("directory", setup.directory, "On the disk to measure; must be there")
      ->required()
      ->check(CLI::ExistingDirectory);
  parser.add_option("--rounds", setup.rounds);
  parser.add_option("--data-bytes", setup.data_bytes);
  CLI11_PARSE(parser, argc, argv);
  std::vector<double> plain, many, one;
  for (int round = 0; round < setup.rounds; ++round) {
    plain.push_back(plain_pairs(setup));
    many.push_back(appends(setup, setup.writers));
    one.push_back(appends(setup, 1));
    fmt::print("round {}: plain {:.0f}/s, {} writers {:.0f}/s, one writer {:.0f}/s\n", round + 1,
               plain.back(), setup.writers, many.back(), one.back());
  }
  const double base = median(plain);
  fmt::print(
      "medians: plain {:.0f}/s; {} writers {:.0f}/s = {:.2f} times (at least 5); one writer "
      "{:.0f}/s = {:.2f} times (at least 0.5)\n",
      base, setup.writers, median(many), median(many) / base, median(one), median(one) / base);
  return median(many) >= 5 * base && median(one) >= 0.5 * base ? 0 : 1;
}
