/* SPDX-License-Identifier: MIT */
/*
 * file - whole files through stdio and a few system calls.
 *
 * The same in both builds: what a file says is input, not scheduling.
 */
#include "base/file.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 65536u

wfp_err file_open_stream(const char *path, const char *mode, FILE **out)
{
	char cloexec_mode[8];
	FILE *stream;

	if (snprintf(cloexec_mode, sizeof(cloexec_mode), "%se", mode) >= (int)sizeof(cloexec_mode))
		return ERR_INVALID_PARAMETER;
	stream = fopen(path, cloexec_mode);
	if (!stream)
		return err_from_errno(errno);
	*out = stream;
	return ERR_OK;
}

wfp_err file_close_stream(FILE *stream)
{
	bool failed = ferror(stream) != 0;

	if (fclose(stream) != 0)
		return err_from_errno(errno);
	return failed ? ERR_IO_DEVICE : ERR_OK;
}

/* Reads one byte past max, so that "exactly max" and "more" differ. */
static wfp_err read_up_to(FILE *stream, size_t max, struct buf *out)
{
	size_t total = 0, got;

	do {
		size_t want = max - total < READ_STEP ? max - total + 1 : READ_STEP;
		uint8_t *to = buf_reserve(out, want);

		if (!to)
			return ERR_NO_MEMORY;
		got = fread(to, 1, want, stream);
		out->len += got;
		total += got;
	} while (got > 0 && total <= max);
	if (total > max)
		return ERR_INSUFFICIENT_BUFFER;
	return ferror(stream) ? err_from_errno(errno) : ERR_OK;
}

wfp_err file_read_all(const char *path, size_t max, struct buf *out)
{
	size_t before = out->len;
	FILE *stream = NULL;
	wfp_err err = file_open_stream(path, "r", &stream);

	if (err)
		return err;
	err = read_up_to(stream, max, out);
	if (err)
		out->len = before;
	fclose(stream);
	return err;
}

static wfp_err write_fd(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_from_errno(errno);
		data += done;
		len -= (size_t)done;
	}
	return ERR_OK;
}

wfp_err file_write_all(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	wfp_err err;

	if (fd < 0)
		return err_from_errno(errno);
	err = write_fd(fd, data, len);
	if (close(fd) != 0 && !err)
		err = err_from_errno(errno);
	return err;
}

wfp_err file_sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = !slash ? mem_strdup(".") : mem_dup(path, (size_t)(slash - path) + 2);
	wfp_err err = ERR_OK;
	int fd;

	if (!dir)
		return ERR_NO_MEMORY;
	if (slash)
		dir[slash - path + 1] = 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		err = err_from_errno(errno);
	if (fd >= 0)
		close(fd);
	mem_free(dir);
	return err;
}

wfp_err file_write_durable(const char *path, const void *data, size_t len, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
	wfp_err err;

	if (fd < 0)
		return err_from_errno(errno);
	err = write_fd(fd, data, len);
	if (!err && (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0))
		err = err_from_errno(errno);
	if (close(fd) != 0 && !err)
		err = err_from_errno(errno);
	return err ? err : file_sync_parent(path);
}

wfp_err file_rename(const char *from, const char *to)
{
	if (rename(from, to) != 0)
		return err_from_errno(errno);
	return file_sync_parent(to);
}

wfp_err file_lock_take(const char *path, int *out)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	wfp_err err;

	if (fd < 0)
		return err_from_errno(errno);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*out = fd;
		return ERR_OK;
	}
	err = errno == EWOULDBLOCK ? ERR_SHARING_VIOLATION : err_from_errno(errno);
	close(fd);
	return err;
}

void file_lock_drop(int lock)
{
	close(lock);
}

static wfp_err write_and_rename(int fd, const char *tmp, const char *path, const void *data,
				size_t len)
{
	wfp_err err = write_fd(fd, data, len);

	if (!err && (fchmod(fd, 0644) != 0 || fsync(fd) != 0))
		err = err_from_errno(errno);
	if (close(fd) != 0 && !err)
		err = err_from_errno(errno);
	if (!err && rename(tmp, path) != 0)
		err = err_from_errno(errno);
	if (err)
		unlink(tmp);
	return err;
}

wfp_err file_write_atomic(const char *path, const void *data, size_t len)
{
	struct buf tmp = {0};
	wfp_err err;
	int fd;

	buf_printf(&tmp, "%s.XXXXXX", path);
	err = buf_err(&tmp);
	if (!err) {
		fd = mkostemp((char *)tmp.data, O_CLOEXEC);
		err = fd < 0 ? err_from_errno(errno)
			     : write_and_rename(fd, buf_str(&tmp), path, data, len);
	}
	buf_free(&tmp);
	return err ? err : file_sync_parent(path);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool file_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

wfp_err file_resolve(const char *path, char **out)
{
	char *real = realpath(path, NULL), *copy;

	if (!real)
		return err_from_errno(errno);
	copy = mem_strdup(real);
	free(real);
	if (!copy)
		return ERR_NO_MEMORY;
	*out = copy;
	return ERR_OK;
}

wfp_err file_remove(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT ? ERR_OK : err_from_errno(errno);
}

wfp_err file_mkdir(const char *path, unsigned mode)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) == 0)
		return ERR_OK;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ERR_OK;
	return err_from_errno(errno);
}

static wfp_err names_add(struct file_names *names, const char *name)
{
	char **grown = mem_realloc_array(names->names, names->count + 1, sizeof(char *));

	if (!grown)
		return ERR_NO_MEMORY;
	names->names = grown;
	grown[names->count] = mem_strdup(name);
	if (!grown[names->count])
		return ERR_NO_MEMORY;
	names->count++;
	return ERR_OK;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static wfp_err names_read(DIR *dir, struct file_names *names)
{
	const struct dirent *entry;
	wfp_err err = ERR_OK;

	while (!err) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return err_from_errno(errno);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			err = names_add(names, entry->d_name);
	}
	return err;
}

wfp_err file_list_dir(const char *path, struct file_names *out)
{
	struct file_names names = {0};
	DIR *dir = opendir(path);
	wfp_err err;

	if (!dir)
		return err_from_errno(errno);
	err = names_read(dir, &names);
	closedir(dir);
	if (err) {
		file_names_free(&names);
		return err;
	}
	if (names.count > 0)
		qsort(names.names, names.count, sizeof(char *), name_compare);
	*out = names;
	return ERR_OK;
}

void file_names_free(struct file_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		mem_free(names->names[i]);
	mem_free(names->names);
	*names = (struct file_names){0};
}
