{
  'targets': [
    {
      'target_name': 'nslink',
      'sources': [
        'native/addon.cc',
        'native/bpf.cc',
        'native/netns.cc',
        'native/poll.cc',
        'native/rootless.cc',
        'native/socket.cc',
        'native/sysfs.cc',
        'native/threads.cc',
      ],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        # A worker that is being terminated takes no exception any more, which is no reason to end the process.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      # Node's own settings come first in the command line. They differ between its versions, so what the
      # sources rely on is said here.
      'cflags!': ['-O3'],
      'cflags': ['-O2', '-Wall', '-Wextra', '-fvisibility=hidden'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++17', '-fno-exceptions', '-fvisibility-inlines-hidden'],
    },
  ],
}
