#!/bin/busybox sh
# PID 1 of a Ringtrial guest. It mounts what the tests look at, brings up the network, says
# READY on the console and keeps an SSH server running. With `ringtrial.shell` on the kernel
# command line (reproduce.sh) it gives a shell on the serial console instead. Where there is an
# executable /alone (harness/replay), it runs that, and that is all.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs tmpfs /dev/shm

# Mounted where the kernel has it; a kernel without is no error.
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null

hostname ringtrial
ifconfig lo up
if [ -d /sys/class/net/eth0 ]; then
	ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
fi

if grep -qw ringtrial.shell /proc/cmdline; then
	echo "ringtrial: READY; the test programs are in /tests, 'reboot -f' ends the guest"
	setsid cttyhack sh -l
	reboot -f
fi

echo "ringtrial: READY"
if [ -x /alone ]; then
	/alone
	reboot -f
fi
# Should a test kill the server, the next connection finds a new one.
while :; do
	dropbear -F -E -s -j -k -r /etc/dropbear/host_key -p 22 -P /tmp/dropbear.pid
	echo "ringtrial: SSH server ended with $?"
	sleep 1
done
