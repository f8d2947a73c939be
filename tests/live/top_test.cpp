// `redkeep top`: on a terminal of 80 by 24, and where output is none.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "guard/ledger_file.h"
#include "live/filling.h"
#include "live/live_redis.h"
#include "live/program.h"

namespace redkeep::test {
namespace {

// The program on a terminal of its own.
class OnTerminal {
 public:
  explicit OnTerminal(const std::vector<std::string>& arguments) {
    terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    ::grantpt(terminal_);
    ::unlockpt(terminal_);
    const std::string name = ::ptsname(terminal_);
    const winsize size{24, 80, 0, 0};
    ::ioctl(terminal_, TIOCSWINSZ, &size);
    std::vector<char*> argv{const_cast<char*>(REDKEEP_PROGRAM)};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setsid();
      const int tty = ::open(name.c_str(), O_RDWR);  // becomes the controlling terminal
      for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::dup2(tty, standard);
      }
      ::execv(argv.front(), argv.data());
      ::_exit(127);
    }
    ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
  }
  ~OnTerminal() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(terminal_);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  void press(char key) const { EXPECT_EQ(::write(terminal_, &key, 1), 1); }
  void signal(int number) const { ::kill(pid_, number); }

  /// All that it has written up to now.
  const std::string& shown() {
    char bytes[4096];
    for (ssize_t got = 0; (got = ::read(terminal_, bytes, sizeof bytes)) > 0;) {
      shown_.append(bytes, static_cast<std::size_t>(got));
    }
    return shown_;
  }
  bool shows(const std::string& text) {
    return eventually([&] { return shown().find(text) != std::string::npos; });
  }
  /// The exit code; -1 if a signal ended it or it does not end.
  int end() {
    int status = -1;
    const bool ended = eventually([&] {
      shown();
      return ::waitpid(pid_, &status, WNOHANG) == pid_;
    });
    if (!ended) return -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  bool echoes() const {
    termios now{};
    ::tcgetattr(terminal_, &now);
    return (now.c_lflag & ECHO) != 0;
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string shown_;
};

class TopLive : public testing::Test {
 protected:
  TopLive() {
    write_keys(redis, kPages, 200);
    write_keys(redis, kSessions, 50);
  }
  LiveRedis redis{{"--maxmemory", "24mb", "--maxmemory-policy", "noeviction"}};
};

TEST_F(TopLive, WithoutATerminalItPrintsPlainLines) {
  const Ended ended =
      run_program({"top", "--url", redis.url(), "--count", "3", "--interval", "100ms"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 3) << ended;
  EXPECT_TRUE(has(ended.out, "% of 24.0 MiB  normal"));
  EXPECT_TRUE(has(ended.out, "page_cache"));
  EXPECT_EQ(ended.out.find('\x1b'), std::string::npos) << "no escapes into a file";
}

TEST_F(TopLive, OnATerminalQQuitsAndAllIsPutBack) {
  OnTerminal top({"top", "--url", redis.url(), "--interval", "100ms"});
  ASSERT_TRUE(top.shows("page_cache")) << top.shown();
  EXPECT_TRUE(top.shows("of 24.0 MiB"));
  EXPECT_TRUE(top.shows("commands "));
  EXPECT_TRUE(top.shown().starts_with("\x1b[?1049h\x1b[?25l"));
  EXPECT_FALSE(top.echoes());
  top.press('x');
  top.press('q');
  EXPECT_EQ(top.end(), 0);
  EXPECT_TRUE(top.echoes());
  EXPECT_TRUE(top.shown().ends_with("\x1b[?25h\x1b[?1049l")) << top.shown();
}

TEST_F(TopLive, ASignalPutsTheTerminalBackToo) {
  OnTerminal top({"top", "--url", redis.url(), "--interval", "10s"});
  ASSERT_TRUE(top.shows("q quits"));
  top.signal(SIGTERM);
  EXPECT_EQ(top.end(), 0);
  EXPECT_TRUE(top.echoes());
  EXPECT_TRUE(top.shown().ends_with("\x1b[?25h\x1b[?1049l"));
}

TEST_F(TopLive, AServerThatGoesAndComesBackIsShownSo) {
  OnTerminal top({"top", "--url", redis.url(), "--interval", "100ms"});
  ASSERT_TRUE(top.shows("page_cache"));
  redis.kill();
  EXPECT_TRUE(top.shows("no reading: "));
  redis.start();
  redis.run({"SET", "theirs", "x"});
  EXPECT_TRUE(top.shows("keys       1, 0 with a TTL"));
  top.press('q');
  EXPECT_EQ(top.end(), 0);
}

TEST_F(TopLive, ASilentServerIsSaidToBeSilent) {
  OnTerminal top({"top", "--url", redis.url(), "--interval", "100ms"});
  ASSERT_TRUE(top.shows("page_cache"));
  ::kill(redis.pid(), SIGSTOP);
  EXPECT_TRUE(top.shows("no answer for 2 s")) << top.shown();
  ::kill(redis.pid(), SIGCONT);
  top.press('q');
  EXPECT_EQ(top.end(), 0);
}

TEST_F(TopLive, ItsOwnLooksAreNoTraffic) {
  redis.run({"SET", "reed:guard:lease", "x"});  // found by each look
  const Ended ended =
      run_program({"top", "--url", redis.url(), "--count", "4", "--interval", "200ms"});
  ASSERT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "commands 0/s")) << ended;
  EXPECT_FALSE(has(ended.out, "hits ")) << ended;
}

TEST_F(TopLive, TheLastActionsAreThereSoonAfterTheyWereWrittenDown) {
  TemporaryDirectory data;
  guard::LedgerFile ledger(data.path());
  guard::LedgerEntry entry;
  entry.subject = "first-subject";
  ASSERT_TRUE(ledger.append(entry));
  OnTerminal top({"top", "--url", redis.url(), "--interval", "100ms", "--data", data.path()});
  ASSERT_TRUE(top.shows("first-subject")) << top.shown();
  entry.subject = "second-subject";
  ASSERT_TRUE(ledger.append(entry));
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(top.shows("second-subject")) << top.shown();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{3});
  top.press('q');
  EXPECT_EQ(top.end(), 0);
}

TEST_F(TopLive, WithoutAServerItSaysWhereItLooked) {
  redis.kill();
  const Ended ended = run_program({"top", "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 3) << ended;
  EXPECT_TRUE(has(ended.err, redis.socket_path()));
}

// The exit code of a shell's line in which REDKEEP is the program.
int exit_code_of(const std::string& line) {
  const int status = std::system(("REDKEEP='" REDKEEP_PROGRAM "'; " + line).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(TopLive, ItEndsWhenNobodyReadsItAnyMore) {
  TemporaryDirectory directory;
  const std::string code = directory.file("code");
  EXPECT_EQ(exit_code_of("{ timeout 20 $REDKEEP top --interval 100ms --url " + redis.url() +
                         " 2>/dev/null; echo $? > " + code + "; } | head -1 > /dev/null"),
            0);
  EXPECT_EQ(read_file(code), "1\n") << "124: it went on until it was stopped";
}

TEST_F(TopLive, ErrorsThatNobodyCanReadChangeNoExitCode) {
  EXPECT_EQ(exit_code_of("$REDKEEP status --url unix:///no/such 2>/dev/full"), 3);
  EXPECT_EQ(exit_code_of("$REDKEEP stats --wrong 2>/dev/full"), 2);
  EXPECT_EQ(exit_code_of("$REDKEEP stats --exact >/dev/null 2>/dev/full --url " + redis.url()), 0);
  EXPECT_EQ(exit_code_of("$REDKEEP stats >/dev/full 2>/dev/full --url " + redis.url()), 1);
}

TEST_F(TopLive, AWrongIntervalIsNamed) {
  for (const std::string interval : {"1", "10ms", "soon"}) {
    const Ended ended = run_program({"top", "--url", redis.url(), "--interval", interval});
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_TRUE(has(ended.err, "--interval"));
  }
}

}  // namespace
}  // namespace redkeep::test
