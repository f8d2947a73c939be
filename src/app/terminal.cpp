#include "app/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cstdio>

namespace redkeep::app {
namespace {
constexpr std::string_view kEnter =
    "\x1b[?1049h\x1b[?25l\x1b[2J";  // other page, no cursor, cleared
constexpr std::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?1049l";
}  // namespace

bool Terminal::is_there() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

Terminal::Terminal(boost::asio::any_io_executor executor, std::function<void()> quit)
    : quit_(std::move(quit)), keys_(executor) {
  termios now{};
  if (::tcgetattr(STDIN_FILENO, &now) == 0) {
    before_ = now;
    // Keys at once and unseen; Ctrl-C stays a signal.
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
  }
  show(kEnter);
  const int tty = ::open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (tty < 0) return;  // Ctrl-C works all the same
  keys_.assign(tty);
  wait_for_key();
}

Terminal::~Terminal() {
  boost::system::error_code ignored;
  keys_.close(ignored);
  show(kLeave);
  if (before_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &*before_);
}

Terminal::Size Terminal::size() const {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {};
  return {window.ws_col, window.ws_row};
}

void Terminal::show(std::string_view frame) const {
  std::fwrite(frame.data(), 1, frame.size(), stdout);
  std::fflush(stdout);
}

void Terminal::wait_for_key() {
  keys_.async_read_some(boost::asio::buffer(&key_, 1),
                        [this](const boost::system::error_code& failure, std::size_t) {
                          if (failure == boost::asio::error::operation_aborted) return;
                          if (failure || key_ == 'q' || key_ == 'Q') return quit_();
                          wait_for_key();
                        });
}

}  // namespace redkeep::app
